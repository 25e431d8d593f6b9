// The lines that roomcast-produce reads: what is taken keeps the limits, and the quick parser reads nothing
// that the general one reads otherwise.

#include <nlohmann/json.hpp>

#include "producer/input_line.hpp"
#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"
#include "shared/wire/server_frames.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace roomcast::producer {
namespace {

using fuzz::require;
using nlohmann::json;

void check_quick_parser(const std::string& text) {
    std::array<wire::FlatField, 2> fields{{{"text", {}, false}, {"id", {}, false}}};
    if (!wire::read_flat_json(text, fields) || !valid_utf8(text)) return;
    const json value = json::parse(text, nullptr, false);
    require(value.is_object(), "what the quick parser reads is a JSON object");
    for (const auto& [name, read, found] : fields) {
        require(value.contains(name) == found, "it finds what is there");
        if (found) require(value.at(std::string(name)) == read, "it reads what stands there");
    }
}

void check(fuzz::Input input) {
    const std::string text = input.rest();
    check_quick_parser(text);
    LineParser parser("run");
    const auto line = parser.parse(text, 7);
    if (!line) {
        require(!why(line.error()).empty(), "a refusal has a reason");
        return;
    }
    const channel::Record& record = line->record;
    require(RoomSlug::parse(line->room.str()) && MessageId::parse(record.id.str()) &&
                UserName::parse(record.user.str()),
            "its names are names");
    require(record.value.size() <= limits::record_value_bytes, "it fits the log");
    require(record.value.starts_with(wire::record_prefix(line->room)), "it is known as ours");
    const json value = json::parse(record.value, nullptr, false);
    require(value.is_object(), "the record is a JSON object");
    require(value.at("text").get_ref<const std::string&>().size() <= limits::message_text_bytes,
            "its text is no longer than a message's");
    require(value.at("id") == record.id.str() && value.at("user") == record.user.str(),
            "it says whose it is");

    const auto again = parser.parse(record.value, 8);
    require(again.ok(), "what was written can be read");
    const json second = json::parse(again->record.value);
    for (const char* name : {"room", "id", "user", "text"})
        require(second.at(name) == value.at(name), "and means the same");
}

}  // namespace
}  // namespace roomcast::producer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    roomcast::producer::check({data, size});
    return 0;
}
