#include "shared/wire/member_record.hpp"

#include <nlohmann/json.hpp>

namespace roomcast::wire {
using nlohmann::json;

std::string encode_member(const MemberRecord& member) {
    json value{{"host", member.host}, {"port", member.port}, {"announced", format_rfc3339(member.announced)}};
    auto& slots = value["slots"] = json::array();
    for (const Slot slot : member.slots) slots.push_back(slot.value);
    return value.dump();
}

std::optional<MemberRecord> decode_member(std::string_view text) {
    const json value = json::parse(text, nullptr, false);
    if (!value.is_object()) return std::nullopt;
    const auto host = value.find("host");
    const auto port = value.find("port");
    const auto slots = value.find("slots");
    const auto announced = value.find("announced");
    if (host == value.end() || !host->is_string() || port == value.end() || !port->is_number_unsigned() ||
        port->get<std::uint64_t>() > 65535 || slots == value.end() || !slots->is_array() ||
        announced == value.end() || !announced->is_string())
        return std::nullopt;
    MemberRecord member;
    member.host = host->get<std::string>();
    member.port = port->get<std::uint16_t>();
    member.announced = parse_rfc3339(announced->get<std::string>()).value_or(0);
    for (const auto& slot : *slots) {
        if (!slot.is_number_unsigned() || slot.get<std::uint64_t>() >= slot_count) return std::nullopt;
        member.slots.push_back(Slot{slot.get<std::uint16_t>()});
    }
    return member;
}

}  // namespace roomcast::wire
