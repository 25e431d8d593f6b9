// The link's framing, from edge to worker.

#include "tests/fuzz/link_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::fuzz::check_link_message({data, size}, roomcast::link::decode_request);
    return 0;
}
