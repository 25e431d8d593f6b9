#include "shared/channel/kafka/topics.hpp"

namespace roomcast::channel::kafka {
namespace {

std::string dotted(std::string_view prefix, std::string_view name) {
    std::string out;
    out.reserve(prefix.size() + name.size() + 1);
    out.append(prefix).append(".").append(name);
    return out;
}

}  // namespace

std::string table_topic(std::string_view prefix, Table table) {
    switch (table) {
        case Table::rooms:
            return dotted(prefix, "rooms");
        case Table::accounts:
            return dotted(prefix, "accounts");
        case Table::tokens:
            break;
    }
    return dotted(prefix, "tokens");
}

std::string rooms_topic(std::string_view prefix) { return table_topic(prefix, Table::rooms); }
std::string members_topic(std::string_view prefix) { return dotted(prefix, "members"); }
std::string wake_topic(std::string_view prefix) { return dotted(prefix, "wake"); }
std::string doorbell_topic(std::string_view prefix) { return dotted(prefix, "doorbell"); }
std::string workers_group(std::string_view prefix) { return dotted(prefix, "workers"); }

std::string room_topic(std::string_view prefix, const LogId& log) {
    std::string out = dotted(prefix, "room.");
    out.append(log.room.str()).append(".").append(log.epoch.str());
    return out;
}

}  // namespace roomcast::channel::kafka
