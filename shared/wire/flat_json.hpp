#pragma once

#include <span>
#include <string>
#include <string_view>

namespace roomcast::wire {

struct FlatField {
    std::string_view name;
    std::string value;
    bool found = false;
};

/// Reads the named strings out of a JSON object that holds nothing but strings, as messages mostly are,
/// several times faster than a general parser. Of a name said twice the last value counts. False for all else
/// (numbers, nesting, surrogates in \u escapes, faults), which is then a general parser's to read or to
/// refuse. UTF-8 is not checked. Pure.
[[nodiscard]] bool read_flat_json(std::string_view text, std::span<FlatField> fields);

}  // namespace roomcast::wire
