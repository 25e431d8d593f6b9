#include "shared/core/names.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "shared/core/limits.hpp"

namespace roomcast {
namespace {

/// The name as it is kept, or empty if it is refused.
std::string kept(std::string_view text) {
    const auto name = parse_user_name(text);
    if (name) return name->str();
    CHECK(name.error().code == Errc::bad_nick);
    CHECK_FALSE(name.error().detail.empty());
    return {};
}

std::string fold(std::string_view text) { return fold_name(UserName::trusted(std::string(text))).str(); }

std::string utf8_of(char32_t character) {
    std::string text;
    const auto tail = [&](int shift) {
        text.push_back(static_cast<char>(0x80 | (character >> shift & 0x3F)));
    };
    if (character < 0x80) {
        text.push_back(static_cast<char>(character));
    } else if (character < 0x800) {
        text.push_back(static_cast<char>(0xC0 | character >> 6));
        tail(0);
    } else if (character < 0x10000) {
        text.push_back(static_cast<char>(0xE0 | character >> 12));
        tail(6);
        tail(0);
    } else {
        text.push_back(static_cast<char>(0xF0 | character >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
    return text;
}

/// Calls `visit` with every character that can be a name by itself.
template <class Visit>
int each_name_of_one(Visit visit) {
    int names = 0;
    for (char32_t character = 1; character <= 0x10FFFF; ++character) {
        if (character >= 0xD800 && character <= 0xDFFF) continue;
        const auto name = parse_user_name(utf8_of(character));
        if (!name) continue;
        ++names;
        visit(*name);
    }
    return names;
}

}  // namespace

TEST_CASE("names of people are kept as they are") {
    for (const char* name : {"alice", "Alice B. Cooper", "Żółw 🐢", "Иван Петрович", "李小龍", "محمد", "נועה",
                             "श्रीनिवास", "O'Brien-Smith", "a", "7", "<script>", "\"", "r2d2_x"})
        CHECK(kept(name) == name);
}

TEST_CASE("a name is kept in normal form C, whichever way it was typed") {
    CHECK(kept("Ame\u0301lie") == "Am\u00e9lie");
    CHECK(kept("\u1112\u1161\u11ab") == "\ud55c");  // jamo to a syllable
    CHECK(kept("\u212b") == "\u00c5");              // the sign of the ångström to the letter
    CHECK(kept("\ufb01x") == "\ufb01x");            // but compatibility forms stay
}

TEST_CASE("a name has 1 to 64 bytes after normalization") {
    CHECK(kept("").empty());
    CHECK(kept(std::string(64, 'a')).size() == 64);
    CHECK(kept(std::string(65, 'a')).empty());
    std::string letters;
    for (int i = 0; i < 32; ++i) letters += "e\u0301";  // 3 bytes, normalized 2
    CHECK(letters.size() == 96);
    CHECK(kept(letters).size() == 64);
    CHECK(kept(letters + "a").empty());
    CHECK(kept(std::string(limits::user_name_input_bytes + 1, 'a')).empty());
    CHECK(kept(std::string(10'000'000, 'a')).empty());  // NOLINT(bugprone-string-constructor)
    // Growing under normalization: 3 bytes become 9.
    std::string growing;
    for (int i = 0; i < 8; ++i) growing += "\u0958";
    CHECK(kept(growing).size() == 48);
    CHECK(kept(growing + growing).empty());
}

TEST_CASE("a name is valid UTF-8") {
    for (const std::string_view bad :
         {"a\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"})
        CHECK(kept(bad).empty());
}

TEST_CASE("a name has no control, format, surrogate, private or unassigned characters") {
    for (char32_t control = 0; control < 0x20; ++control) CHECK(kept("a" + utf8_of(control) + "b").empty());
    CHECK(kept(std::string("a\0b", 3)).empty());
    for (const char32_t bad :
         {0x7FU,   0x80U,   0x85U,    0x9FU,  // control
          0xADU,   0x200BU, 0x200CU,  0x200DU,   0x200EU, 0x200FU,  0x202AU,
          0x202EU, 0x2060U, 0x2066U,  0x2069U,   0xFEFFU, 0xE0041U,  // format, such as turning the writing
          0xE000U, 0xF8FFU, 0xF0000U, 0x10FFFDU,                     // private
          0x378U,  0xFFFEU, 0xFFFFU,  0x10FFFFU,                     // unassigned
          0x2028U, 0x2029U}) {                                       // separators of lines
        CAPTURE(static_cast<unsigned>(bad));
        CHECK(kept("a" + utf8_of(bad) + "b").empty());
        CHECK(kept(utf8_of(bad)).empty());
    }
}

TEST_CASE("a name has no white space at its ends and no two in a row, of whatever width") {
    for (const char* space : {" ", "\u00a0", "\u1680", "\u2003", "\u202f", "\u205f", "\u3000", "\u2800"}) {
        const std::string white(space);
        CHECK(kept(white).empty());
        CHECK(kept(white + "alice").empty());
        CHECK(kept("alice" + white).empty());
        CHECK(kept("alice" + white + white + "b").empty());
        CHECK(kept("alice " + white + "b").empty());
        CHECK_FALSE(kept("alice" + white + "b").empty());
    }
    CHECK(kept("\ta").empty());
}

TEST_CASE("a name of nothing that can be seen is refused") {
    for (const char* unseen : {"\u3164", "\uffa0", "\u115f", "\u034f", "\ufe0f", "\u3164\u115f", "\u180b"})
        CHECK(kept(unseen).empty());
}

TEST_CASE("names that differ in case, width or typing alone have one fold") {
    const auto alice = fold("alice");
    for (const char* same : {"ALICE", "Alice", "aLiCe", "\uff41\uff4c\uff49\uff43\uff45", "\u24d0lice",
                             "\U0001d44elice", "ali\u3164ce", "\ufe0falice"})
        CHECK(fold(same) == alice);
    CHECK(fold("Stra\u00dfe") == fold("STRASSE"));
    CHECK(fold("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2") ==
          fold("\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"));
    CHECK(fold("Am\u00e9lie") == fold("AME\u0301LIE"));
    CHECK(fold("\u0416\u0423\u041a") == fold("\u0436\u0443\u043a"));
    CHECK(fold("a\u00a0b") == fold("A b"));
    CHECK(fold("\ufb01x") == fold("FIX"));
    CHECK(fold("\u2460") == fold("1"));
}

TEST_CASE("names that differ have different folds") {
    const auto alice = fold("alice");
    for (const char* other :
         {"alic", "alicee", "al ice", "\u00e1lice", "bob", "\u0430lice"})  // the last: Cyrillic
        CHECK(fold(other) != alice);
}

TEST_CASE("the fold of any name is a folded name, and folds to itself, for every character there is") {
    int wrong = 0;
    const int names = each_name_of_one([&](const UserName& name) {
        const auto folded = fold_name(name);
        if (!FoldedName::parse(folded.str())) ++wrong;
        if (fold_name(UserName::trusted(folded.str())) != folded) ++wrong;
        const auto again = parse_user_name(name.str());
        if (!again || *again != name) ++wrong;
    });
    CHECK(names > 100'000);
    CHECK(wrong == 0);
}

TEST_CASE("the longest fold fits its limit") {
    std::string name;
    for (int i = 0; i < 21; ++i) name += "\ufdfa";  // one ligature of eighteen characters
    const auto folded = fold(kept(name));
    CHECK(folded.size() > 600);
    CHECK(FoldedName::parse(folded));
}

TEST_CASE("a name that is not one by the new rules still has a fold") {
    for (const char* name : {"\u3164", "a\u200db", "a  b"}) {
        REQUIRE(UserName::parse(name));
        CHECK_FALSE(fold(name).empty());
    }
    CHECK(fold("\u3164") != fold("\u115f"));
}

TEST_CASE("accounts lie in slots by their fold, by the same hash as rooms") {
    CHECK(slot_of(FoldedName::trusted("general")) == slot_of(RoomSlug::trusted("general")));
    CHECK(slot_of(FoldedName::trusted("general")).value == 29);
    CHECK(slot_of(fold_name(UserName::trusted("\u0416\u0423\u041a"))) ==
          slot_of(fold_name(UserName::trusted("\u0436\u0443\u043a"))));
}

}  // namespace roomcast
