#include "shared/wire/json_text.hpp"

#include <string>

#include <doctest/doctest.h>

namespace roomcast::wire {

TEST_CASE("text without quotes, backslashes, control characters and DEL is plain to its end") {
    std::string all;
    for (int c = 0x20; c < 0x100; ++c)
        if (c != '"' && c != '\\' && c != 0x7F) all += static_cast<char>(c);
    for (std::size_t length = 0; length <= all.size(); ++length)
        CHECK(plain_bytes(all.substr(0, length)) == length);
}

TEST_CASE("whatever is not plain is found, wherever it stands and whatever follows") {
    for (int c = 0; c < 0x100; ++c) {
        const bool plain = c >= 0x20 && c != '"' && c != '\\' && c != 0x7F;
        for (std::size_t length = 1; length <= 70; ++length)
            for (std::size_t at = 0; at < length; ++at) {
                std::string text(length, 'x');
                text[at] = static_cast<char>(c);
                const auto expected = plain ? length : at;
                if (plain_bytes(text) != expected) FAIL("byte ", c, " at ", at, " of ", length);
                if (!plain) text.back() = '"';
                if (!plain && plain_bytes(text) != at) FAIL("byte ", c, " at ", at, " before a quote");
            }
    }
}

}  // namespace roomcast::wire
