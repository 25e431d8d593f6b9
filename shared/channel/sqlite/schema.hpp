#pragma once

#include "shared/channel/sqlite/database.hpp"

namespace roomcast::channel::sqlite {

inline constexpr int schema_version = 1;  // kept in the file's user_version

/// Makes the tables of a new file. Throws std::runtime_error for a file of a newer version, or of something
/// else.
void prepare_schema(Database& database);

/// The same check without making anything, for readers.
void check_schema(Database& database);

}  // namespace roomcast::channel::sqlite
