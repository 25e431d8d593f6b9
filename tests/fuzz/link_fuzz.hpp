#pragma once

#include "shared/wire/link_codec.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::fuzz {

/// A decoded link message, encoded, has the same length and decodes to what encodes to the same bytes. (Not
/// to the input's: any byte but 0 is taken for true, and 1 is written.)
template <class Decode>
void check_link_message(Input input, Decode decode) {
    const std::string bytes = input.rest();
    const auto message = decode(bytes);
    if (!message) {
        require(message.error().code == Errc::bad_frame, "what cannot be decoded is a bad frame");
        return;
    }
    const std::string encoded = link::encode(*message);
    require(encoded.size() == bytes.size(), "a decoded message encodes to as many bytes");
    const auto again = decode(encoded);
    require(again.ok(), "an encoded message decodes");
    require(link::encode(*again) == encoded, "and to the same");
    require(!decode(encoded.substr(0, encoded.size() - 1)), "a message that lacks a byte does not decode");
    require(!decode(encoded + '\0'), "nor one with a byte too many");
}

}  // namespace roomcast::fuzz
