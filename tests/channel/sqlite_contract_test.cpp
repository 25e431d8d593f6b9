#include "tests/channel/sqlite_fixture.hpp"

namespace roomcast::channel::sqlite {

ROOMCAST_CHANNEL_CONTRACT("sqlite", std::make_unique<SqliteFixture>)

}  // namespace roomcast::channel::sqlite
