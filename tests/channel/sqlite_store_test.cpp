#include <random>

#include "shared/channel/sqlite/schema.hpp"
#include "shared/channel/sqlite/store.hpp"
#include "tests/channel/sqlite_fixture.hpp"

namespace roomcast::channel::sqlite {

TEST_CASE("sqlite: a deleted key's row goes when it is an hour old, and no other row does") {
    const TemporaryDirectory directory;
    Database database(directory.path() / "roomcast.db", Database::Mode::read_write);
    prepare_schema(database);
    Store store(database, std::nullopt);
    constexpr TimeMs hour = 3'600'000;
    const TimeMs start = now_ms();
    const auto keys = [&] {
        std::vector<std::string> found;
        for (const auto& record : store.read_table(Slot{1}, Seq{0}, 100, 1'000'000).records)
            found.push_back(record.key + (record.value ? "" : " deleted"));
        return found;
    };
    (void)store.append_to_table(Slot{1}, "kept", "value");
    (void)store.append_to_table(Slot{1}, "old", std::nullopt);
    (void)store.sweep(start);
    (void)store.append_to_table(Slot{1}, "young", std::nullopt);
    (void)store.sweep(start + hour - 1);
    CHECK(keys() == std::vector<std::string>{"kept", "old deleted", "young deleted"});
    (void)store.sweep(start + hour);
    CHECK(keys() == std::vector<std::string>{"kept", "young deleted"});
    (void)store.sweep(start + 2 * hour);
    CHECK(keys() == std::vector<std::string>{"kept"});
}

TEST_CASE("sqlite: seek agrees with looking at every record, whatever the times and however much was swept") {
    const TemporaryDirectory directory;
    Database database(directory.path() / "roomcast.db", Database::Mode::read_write);
    database.execute("PRAGMA synchronous=OFF");
    prepare_schema(database);
    Store store(database, std::nullopt);
    std::mt19937 random(20261121);
    const auto up_to = [&](TimeMs largest) {
        return std::uniform_int_distribution<TimeMs>(0, largest)(random);
    };

    for (int round = 0; round < 20; ++round) {
        const LogId log = contract::new_log_id();
        store.create(log, {.retention_ms = 0});
        const auto check_seeks = [&] {
            const Bounds around = *store.bounds(log);
            const auto all =
                store.read(log, {around.first, around.next, 1'000'000, std::size_t{1} << 30})->records;
            for (TimeMs time = 0; time < 320; time += 3) {
                const auto first = std::ranges::find_if(
                    all, [&](const StoredRecord& stored) { return stored.record.time >= time; });
                const Seq expected = first == all.end() ? around.next : first->seq;
                REQUIRE(*store.seek(log, time) == expected);
            }
        };
        check_seeks();
        for (int part = 0; part < 3; ++part) {
            Transaction transaction(database, Transaction::Kind::write);
            const TimeMs growth = up_to(2);
            for (TimeMs i = 0; i < 1'500; ++i) {
                REQUIRE(
                    store.append(log, contract::make_record(log, "x", growth * i / 30 + up_to(200))).ok());
            }
            store.flush();
            check_seeks();
            (void)store.sweep(up_to(250));  // one step: it may stop where older records are left
            check_seeks();
            transaction.commit();
            store.forget();
            check_seeks();
        }
    }
}

}  // namespace roomcast::channel::sqlite
