#include "shared/wire/member_record.hpp"

#include <doctest/doctest.h>

namespace roomcast::wire {

TEST_CASE("a worker's announcement is read as it was written") {
    const MemberRecord member{"10.0.0.7", 9443, {Slot{0}, Slot{63}}, 1'795'255'200'123};
    const auto read = decode_member(encode_member(member));
    REQUIRE(read);
    CHECK(read->host == member.host);
    CHECK(read->port == member.port);
    CHECK(read->slots == member.slots);
    CHECK(read->announced == member.announced);
}

TEST_CASE("an announcement that makes no sense is ignored") {
    for (const char* text : {"", "{", "[]", "7", "{}", R"({"host":"h","port":1,"slots":[]})",
                             R"({"host":"h","port":65536,"slots":[],"announced":"x"})",
                             R"({"host":"h","port":-1,"slots":[],"announced":"x"})",
                             R"({"host":7,"port":1,"slots":[],"announced":"x"})",
                             R"({"host":"h","port":1,"slots":[64],"announced":"x"})",
                             R"({"host":"h","port":1,"slots":[-1],"announced":"x"})",
                             R"({"host":"h","port":1,"slots":["0"],"announced":"x"})",
                             R"({"host":"h","port":1,"slots":{},"announced":"x"})"})
        CHECK_MESSAGE(!decode_member(text), text);
}

TEST_CASE("an announcement without a readable time counts as long past") {
    const auto read = decode_member(R"({"host":"h","port":1,"slots":[],"announced":"noon"})");
    REQUIRE(read);
    CHECK(read->announced == 0);
}

}  // namespace roomcast::wire
