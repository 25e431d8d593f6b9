#pragma once

#include <string_view>

#include "shared/core/ids.hpp"
#include "shared/core/result.hpp"

namespace roomcast {

/// Names of users as Unicode sees them; pure functions, for any thread.
///
/// `parse_user_name`: a name as a person typed it becomes the one that is kept and shown: valid UTF-8, in
/// normal form C, 1 to limits::user_name_bytes after that; no control, format, surrogate, private or
/// unassigned characters, no white space at its ends nor two in a row, and something in it that can be seen.
/// Else Errc::bad_nick with the reason. Whatever it accepts, it accepts again unchanged.
[[nodiscard]] Result<UserName> parse_user_name(std::string_view text);

/// What names are compared by, so that two that look the same by case or compatibility are one account:
/// NFKC_Casefold (which also drops what is invisible). Only for comparing, never to be shown. Letters of
/// different scripts that look alike stay different. Total: any UserName has a fold, and the fold of a fold
/// is itself.
[[nodiscard]] FoldedName fold_name(const UserName& name);

}  // namespace roomcast
