#include "shared/net/outbox.hpp"

#include <array>
#include <random>
#include <string>

#include <doctest/doctest.h>

namespace roomcast::net {
namespace {

SharedFrame frame(std::string_view text) { return SharedFrame::of({text}); }

}  // namespace

TEST_CASE("a shared frame is its pieces, one after the other, for all who hold it") {
    const auto made = SharedFrame::of({"one", "", "two"});
    const SharedFrame copy = made;  // NOLINT(performance-unnecessary-copy-initialization)
    CHECK(copy.bytes() == "onetwo");
    CHECK(copy.bytes().data() == made.bytes().data());
    SharedFrame moved = frame("x");
    moved = copy;
    CHECK(moved.bytes() == "onetwo");
    CHECK_FALSE(SharedFrame());
    CHECK(SharedFrame().bytes().empty());
}

TEST_CASE("small frames are gathered into one record; a lone one goes out as it stands") {
    std::array<char, 10> scratch{};
    Outbox box;
    const auto lone = frame("lone");
    box.push(lone);
    CHECK(box.gather(scratch.data(), scratch.size()).data() == lone.bytes().data());
    box.push(frame("and"));
    box.push(frame("others"));
    CHECK(box.gather(scratch.data(), scratch.size()) == "loneandoth");
    box.consume(6);
    CHECK(box.gather(scratch.data(), scratch.size()) == "dothers");
    CHECK(box.bytes() == 7);
    box.consume(7);
    CHECK(box.empty());
    CHECK(box.gather(scratch.data(), scratch.size()).empty());
}

TEST_CASE("a frame that fills a record is not copied, from wherever in it the sending goes on") {
    std::array<char, 8> scratch{};
    Outbox box;
    const auto large = frame("0123456789ABCDEF");
    box.push(large);
    box.push(frame("tail"));
    CHECK(box.gather(scratch.data(), scratch.size()).data() == large.bytes().data());
    box.consume(5);
    CHECK(box.gather(scratch.data(), scratch.size()).data() == large.bytes().data() + 5);
    box.consume(5);
    CHECK(box.gather(scratch.data(), scratch.size()) == "ABCDEFta");
}

TEST_CASE("whatever the partial writes, the bytes leave exactly once and in order") {
    std::mt19937 random(4242);
    for (int round = 0; round < 60; ++round) {
        std::array<char, 64> scratch{};
        Outbox box;
        std::string pushed;
        std::string sent;
        for (int step = 0; step < 400; ++step) {
            if (random() % 3 != 0) {
                std::string text(random() % (random() % 8 == 0 ? 300 : 20), '\0');
                for (char& c : text) c = static_cast<char>(random());
                pushed += text;
                box.push(frame(text));
            } else {
                const auto bytes = box.gather(scratch.data(), scratch.size());
                REQUIRE((bytes.empty() ? box.bytes() == 0 : bytes.size() <= box.bytes()));
                const std::size_t taken = bytes.empty() ? 0 : random() % (bytes.size() + 1);
                sent += bytes.substr(0, taken);
                box.consume(taken);
            }
            REQUIRE(box.bytes() == pushed.size() - sent.size());
        }
        while (box.bytes() > 0) {
            const auto bytes = box.gather(scratch.data(), scratch.size());
            REQUIRE_FALSE(bytes.empty());
            sent += bytes;
            box.consume(bytes.size());
        }
        CHECK(sent == pushed);
    }
}

TEST_CASE("an outbox lets go of each frame as soon as it is sent") {
    std::array<char, 64> scratch{};
    Outbox box;
    for (int i = 0; i < 1000; ++i) box.push(frame("ten bytes."));
    std::size_t sent = 0;
    while (!box.empty()) {
        const auto bytes = box.gather(scratch.data(), scratch.size());
        sent += bytes.size();
        box.consume(bytes.size());
        CHECK(box.bytes() == 10'000 - sent);
    }
    box.push(frame("x"));
    box.clear();
    CHECK(box.empty());
    CHECK(box.bytes() == 0);
}

}  // namespace roomcast::net
