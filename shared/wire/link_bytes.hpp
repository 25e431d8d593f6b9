#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "shared/wire/link_messages.hpp"

/// The fields of a link's messages as bytes, for the codec's own files. A message lists its fields once, in a
/// `fields` function; Writer and Reader go through the same list. Integers are little-endian; texts and lists
/// begin with a 32-bit count.
namespace roomcast::link::bytes {

/// `T` to be read into, or `const T` to be written.
template <class Archive, class T>
using Ref = std::conditional_t<Archive::reading, T, const T>&;

/// An id that may be empty.
template <class Id>
struct Maybe {
    Id& id;
};
template <class Id>
Maybe<Id> maybe(Id& id) {
    return {id};
}

/// The fewest bytes that an element of a list takes: a count that cannot be true is refused before anything
/// is made for it.
template <class T>
inline constexpr std::size_t least_bytes = 4;
template <>
inline constexpr std::size_t least_bytes<Person> = 8;
template <>
inline constexpr std::size_t least_bytes<Entry> = 36;
template <>
inline constexpr std::size_t least_bytes<Slot> = 2;
template <>
inline constexpr std::size_t least_bytes<RoomMessages> = 8;
template <>
inline constexpr std::size_t least_bytes<RoomReply> = 60;

class Writer {
public:
    static constexpr bool reading = false;

    template <class... Fields>
    void operator()(const Fields&... values) {
        (put(values), ...);
    }
    void reserve(std::size_t size) { out_.reserve(size); }
    void raw(std::string_view text) { out_.append(text); }
    void count(std::size_t value) { put(static_cast<std::uint32_t>(value)); }
    [[nodiscard]] std::string take() { return std::move(out_); }

private:
    template <class T>
        requires std::is_integral_v<T> || std::is_enum_v<T>
    void put(T value) {
        if constexpr (std::is_enum_v<T>) {
            put(static_cast<std::underlying_type_t<T>>(value));
        } else if constexpr (std::is_same_v<T, bool>) {
            put(static_cast<std::uint8_t>(value));
        } else {
            for (std::size_t i = 0; i < sizeof(T); ++i)
                out_.push_back(static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
        }
    }
    void put(const std::string& text) {
        count(text.size());
        out_.append(text);
    }
    void put(const Seq& seq) { put(seq.value); }
    void put(const Slot& slot) { put(slot.value); }
    void put(const SubId& sub) { put(sub.value); }
    void put(const RequestId& request) { put(request.value); }
    template <class Tag>
    void put(const StringId<Tag>& id) {
        put(id.str());
    }
    template <class Id>
    void put(const Maybe<Id>& maybe) {
        put(maybe.id);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        count(values.size());
        for (const auto& value : values) put(value);
    }
    template <class T>
        requires std::is_class_v<T>
    void put(const T& value) {
        fields(*this, value);
    }

    std::string out_;
};

/// Reads fields from the front. After one that is not there everything reads as empty and `ok` is false.
class Reader {
public:
    static constexpr bool reading = true;

    explicit Reader(std::string_view text) : rest_(text) {}

    template <class... Fields>
    void operator()(Fields&&... values) {
        (get(values), ...);
    }
    void fail() {
        ok_ = false;
        rest_ = {};
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

private:
    template <class T>
        requires std::is_integral_v<T> || std::is_enum_v<T>
    void get(T& value) {
        if constexpr (std::is_enum_v<T>) {
            std::underlying_type_t<T> number{};
            get(number);
            if (number > last_of(value)) fail();
            value = ok_ ? static_cast<T>(number) : T{};
        } else if constexpr (std::is_same_v<T, bool>) {
            std::uint8_t number = 0;
            get(number);
            if (number > 1) fail();
            value = number == 1;
        } else {
            std::make_unsigned_t<T> number = 0;
            value = 0;
            if (rest_.size() < sizeof(T)) return fail();
            for (std::size_t i = 0; i < sizeof(T); ++i)
                number = static_cast<std::make_unsigned_t<T>>(
                    number |
                    (static_cast<std::make_unsigned_t<T>>(static_cast<std::uint8_t>(rest_[i])) << (8 * i)));
            rest_.remove_prefix(sizeof(T));
            value = static_cast<T>(number);
        }
    }
    static std::uint8_t last_of(Errc) { return errc_count - 1; }
    static std::uint8_t last_of(ReadHistory::Kind) {
        return static_cast<std::uint8_t>(ReadHistory::Kind::from_time);
    }
    static std::uint8_t last_of(ClaimNick::Kind) {
        return static_cast<std::uint8_t>(ClaimNick::Kind::release);
    }

    std::string_view text() {
        std::uint32_t size = 0;
        get(size);
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const auto value = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return value;
    }
    void get(std::string& value) { value = std::string(text()); }
    void get(Seq& seq) { get(seq.value); }
    void get(Slot& slot) {
        get(slot.value);
        if (slot.value >= slot_count) fail();
    }
    void get(SubId& sub) { get(sub.value); }
    void get(RequestId& request) { get(request.value); }
    template <class Tag>
    void get(StringId<Tag>& id) {
        auto parsed = StringId<Tag>::parse(text());
        if (!parsed) return fail();
        id = std::move(*parsed);
    }
    template <class Id>
    void get(Maybe<Id>& maybe) {
        const auto value = text();
        maybe.id = Id{};
        if (value.empty()) return;
        auto parsed = Id::parse(value);
        if (!parsed) return fail();
        maybe.id = std::move(*parsed);
    }
    template <class T>
    void get(std::optional<T>& value) {
        bool there = false;
        get(there);
        value.reset();
        if (there && ok_) get(value.emplace());
    }
    template <class T>
    void get(std::vector<T>& values) {
        std::uint32_t count = 0;
        get(count);
        values.clear();
        if (count > rest_.size() / least_bytes<T>) return fail();
        values.reserve(count);
        for (std::uint32_t i = 0; i < count && ok_; ++i) get(values.emplace_back());
    }
    template <class T>
        requires std::is_class_v<T>
    void get(T& value) {
        fields(*this, value);
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace roomcast::link::bytes
