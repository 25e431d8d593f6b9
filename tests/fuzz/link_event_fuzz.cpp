// The link's framing, from worker to edge. Messages are also put together as the worker does it, room by
// room.

#include "tests/fuzz/link_fuzz.hpp"

namespace {

void check_messages_encoder(const roomcast::link::Event& event) {
    const auto* const messages = std::get_if<roomcast::link::Messages>(&event);
    if (messages == nullptr) return;
    roomcast::link::MessagesEncoder encoder;
    for (const auto& room : messages->rooms) encoder.add(room.sub, room.entries);
    roomcast::fuzz::require(encoder.take() == roomcast::link::encode(event),
                            "messages put together room by room are the same bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::fuzz::check_link_message({data, size}, [](std::string_view bytes) {
        auto event = roomcast::link::decode_event(bytes);
        if (event) check_messages_encoder(*event);
        return event;
    });
    return 0;
}
