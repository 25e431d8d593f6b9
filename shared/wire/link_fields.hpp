#pragma once

#include <variant>

#include "shared/wire/link_bytes.hpp"

/// The fields that requests and events have in common; see link_bytes.hpp.
namespace roomcast::link::bytes {

template <class A>
void fields(A& archive, Ref<A, Person> value) {
    archive(value.session, value.user);
}
template <class A>
void fields(A& archive, Ref<A, Actor> value) {
    archive(maybe(value.user), value.account);
}
template <class A>
void fields(A& archive, Ref<A, Error> value) {
    archive(value.code, value.detail, value.retry_after_ms);
}
template <class A>
void fields(A& archive, Ref<A, LogId> value) {
    archive(value.room, value.epoch);
}
template <class A>
void fields(A& archive, Ref<A, RoomInfo> value) {
    archive(value.log, value.owner, value.created, value.title, value.password_hash, value.password_version,
            value.retention_ms, value.banned, value.revision);
}
template <class A>
void fields(A& archive, Ref<A, AccountInfo> value) {
    archive(value.name, value.folded, value.id, value.password_hash, value.created, value.password_changed);
}

/// A variant: the place of what it holds, in a byte, and then that. New kinds go to the end of their variant;
/// what changes otherwise changes link_codec.hpp's protocol_name.
template <class... Kinds>
void alternative(Writer& out, const std::variant<Kinds...>& value) {
    out(static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& held) { out(held); }, value);
}
/// False, and a failure, for a place that there is not.
template <class... Kinds>
bool alternative(Reader& in, std::variant<Kinds...>& value) {
    std::uint8_t place = 0;
    in(place);
    const auto read = [&]<class Kind>() {
        Kind held;
        in(held);
        value = std::move(held);
    };
    std::size_t at = 0;
    const bool known = ((at++ == place && (read.template operator()<Kinds>(), true)) || ...);
    if (!known) in.fail();
    return known;
}

}  // namespace roomcast::link::bytes
