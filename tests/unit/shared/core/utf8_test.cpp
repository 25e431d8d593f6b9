#include "shared/core/utf8.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

namespace roomcast {
namespace {

std::string encoded(std::uint32_t point) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

/// By a byte at a time, so that nothing is looked at in passing.
bool valid_byte_by_byte(std::string_view text) {
    Utf8Checker checker;
    for (const char& byte : text)
        if (!checker.feed({&byte, 1})) return false;
    return checker.complete();
}

bool legal(std::uint32_t point) { return point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF); }

}  // namespace

TEST_CASE("every code point that is one is valid; surrogates and what is above U+10FFFF are not") {
    for (std::uint32_t point = 0; point < 0x120000; point += point < 0x3000 ? 1 : 61)
        if (valid_utf8(encoded(point)) != legal(point)) FAIL_CHECK("wrong about code point ", point);
    for (const std::uint32_t edge :
         {0x7FU, 0x80U, 0x7FFU, 0x800U, 0xD7FFU, 0xD800U, 0xDBFFU, 0xDC00U, 0xDFFFU, 0xE000U, 0xFFFDU,
          0xFFFFU, 0x10000U, 0x10FFFFU, 0x110000U, 0x13FFFFU})
        CHECK(valid_utf8(encoded(edge)) == legal(edge));
}

TEST_CASE("overlong forms are not valid") {
    for (const std::string_view bad : {"\xC0\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                                       "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"})
        CHECK_FALSE(valid_utf8(bad));
}

TEST_CASE("in the midst of a text each character is judged as it is byte by byte") {
    int valid = 0;
    for (unsigned two = 0; two < 0x10000; ++two) {
        for (const int third : {0x41, 0x7F, 0x80, 0xBF, 0xC0}) {
            for (const int fourth : {0x41, 0x7F, 0x80, 0xBF, 0xC0}) {
                std::string text = "____ and some more";
                text[0] = static_cast<char>(two >> 8);
                text[1] = static_cast<char>(two & 0xFF);
                text[2] = static_cast<char>(third);
                text[3] = static_cast<char>(fourth);
                const bool good = valid_utf8(text);
                if (good != valid_byte_by_byte(text))
                    FAIL_CHECK("wrong about ", two, ' ', third, ' ', fourth);
                valid += good ? 1 : 0;
            }
        }
    }
    CHECK(valid > 0x10000);
}

TEST_CASE("bytes that never begin a character are not valid, nor is one that lacks its rest") {
    for (int byte = 0x80; byte < 0xC2; ++byte)
        CHECK_FALSE(valid_utf8(std::string(1, static_cast<char>(byte))));
    for (int byte = 0xF5; byte < 0x100; ++byte)
        CHECK_FALSE(valid_utf8(std::string(1, static_cast<char>(byte)) + "\x80\x80\x80\x80"));
    CHECK_FALSE(valid_utf8("\xC3\xC3"));
    CHECK_FALSE(valid_utf8("\xE2\x82z"));
    CHECK_FALSE(valid_utf8("\xF0\x9F\x90"));
}

TEST_CASE(
    "a text may be cut anywhere: the pieces are valid together, and each cut inside a character is known") {
    const std::string text = "plain text, \u00e9\u20ac\U0001F422 and then some more \U0010FFFF\u0800.";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Checker checker;
        CHECK(checker.feed(std::string_view(text).substr(0, cut)));
        const bool at_character =
            cut == text.size() || (static_cast<unsigned char>(text[cut]) & 0xC0) != 0x80;
        CHECK(checker.complete() == at_character);
        CHECK(checker.feed(std::string_view(text).substr(cut)));
        CHECK(checker.complete());
        CHECK(valid_utf8(std::string_view(text).substr(0, cut)) == at_character);
    }
}

TEST_CASE("piece by piece gives the same answer as the whole, for random bytes that are nearly text") {
    std::mt19937 random(7);
    const auto below = [&](unsigned limit) { return static_cast<std::size_t>(random() % limit); };
    int valid = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string text;
        while (text.size() < 24)
            text += random() % 3 == 0 ? encoded(static_cast<std::uint32_t>(below(0x110000))) : "abcdefgh";
        if (round % 2 == 0) text[below(static_cast<unsigned>(text.size()))] = static_cast<char>(random());
        const bool whole = valid_utf8(text);
        Utf8Checker checker;
        bool good = true;
        for (std::size_t at = 0; at < text.size() && good;) {
            const std::size_t taken = 1 + below(9);
            good = checker.feed(std::string_view(text).substr(at, taken));
            at += taken;
        }
        CHECK((good && checker.complete()) == whole);
        valid += whole ? 1 : 0;
    }
    CHECK(valid > 400);
    CHECK(valid < 3600);
}

TEST_CASE("the checker fails at the first byte that no text can hold, not later") {
    Utf8Checker checker;
    CHECK(checker.feed("abc\xE2"));
    CHECK_FALSE(checker.feed("a"));
    checker.reset();
    CHECK(checker.complete());
    CHECK(checker.feed("\xED\x9F"));
    CHECK(checker.feed("\xBF"));
    CHECK(checker.feed("\xED"));
    CHECK_FALSE(checker.feed("\xA0"));  // a surrogate, known at its second byte
    checker.reset();
    CHECK(checker.feed("\xF4"));
    CHECK_FALSE(checker.feed("\x90"));  // above U+10FFFF
}

}  // namespace roomcast
