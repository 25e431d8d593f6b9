#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/auth/jwt.hpp"
#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"

namespace roomcast::auth {

/// For TokenAuthority::derived_key.
inline constexpr std::string_view ticket_key_label = "ticket";

/// What a ticket lets its bearer do once: open a WebSocket as this user.
struct Ticket {
    TicketId id;
    Claims claims;
    std::int64_t expires_at_s = 0;  // the first second in which it is refused
};

/// Seals and opens tickets, for clients that can put a token nowhere but into a URL, which ends in logs.
///
/// Owned by main; immutable, so any thread may call it. The key is derived from the secret that all edges
/// share, so that a ticket is good at every edge, and that it is used once is seen to elsewhere, by its id. A
/// ticket is no JWT and no JWT is a ticket. Every refusal is Errc::bad_token and says nothing of the ticket.
class TicketMaker {
public:
    /// `secret`: TokenAuthority::derived_key("ticket") or the like; throws std::runtime_error below 32 bytes.
    explicit TicketMaker(std::string_view secret);

    /// URL-safe text. A lifetime above limits::ticket_ttl_s is refused when it is opened.
    [[nodiscard]] std::string seal(const Claims& claims, const TicketId& id, std::int64_t expires_at_s) const;

    [[nodiscard]] Result<Ticket> open(std::string_view text, std::int64_t now_s) const;

private:
    std::string key_;
};

}  // namespace roomcast::auth
