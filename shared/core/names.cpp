#include "shared/core/names.hpp"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utf8proc.h>

#include "shared/core/limits.hpp"
#include "shared/core/utf8.hpp"

namespace roomcast {
namespace {

Error refused(const char* why) { return Error{Errc::bad_nick, why}; }

struct FreeText {
    void operator()(utf8proc_uint8_t* text) const {
        std::free(text);
    }  // NOLINT(cppcoreguidelines-no-malloc): utf8proc's malloc
};

/// None for what utf8proc refuses: text that is not UTF-8, or no memory.
std::optional<std::string> mapped(std::string_view text, unsigned options) {
    utf8proc_uint8_t* raw = nullptr;
    const auto size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
        &raw, static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, FreeText> owned(raw);
    if (size < 0 || !owned) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(owned.get()), static_cast<std::size_t>(size));
}

constexpr unsigned casefold_options =
    unsigned{UTF8PROC_COMPAT} | unsigned{UTF8PROC_CASEFOLD} | unsigned{UTF8PROC_IGNORE};

/// Unicode's separators, and the one symbol that is as blank as they are.
bool blank(utf8proc_int32_t character) {
    constexpr utf8proc_int32_t braille_blank = 0x2800;
    return utf8proc_category(character) == UTF8PROC_CATEGORY_ZS || character == braille_blank;
}

bool printable(utf8proc_int32_t character) {
    switch (utf8proc_category(character)) {
        case UTF8PROC_CATEGORY_CN:  // unassigned: a later Unicode may fold it
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:  // such as those that turn the direction of writing
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return false;
        default:
            return true;
    }
}

/// Why this normalized text is no name, or null.
const char* objection_to(std::string_view text) {
    bool after_blank = true;
    while (!text.empty()) {
        utf8proc_int32_t character = -1;
        const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                           static_cast<utf8proc_ssize_t>(text.size()), &character);
        if (size <= 0) return "the name is not valid UTF-8";
        if (!printable(character)) return "the name has a character in it that cannot be shown";
        const bool is_blank = blank(character);
        if (is_blank && after_blank) return "the name has white space at an end, or two in a row";
        after_blank = is_blank;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return after_blank ? "the name has white space at an end, or two in a row" : nullptr;
}

}  // namespace

Result<UserName> parse_user_name(std::string_view text) {
    if (text.empty()) return refused("the name is empty");
    if (text.size() > limits::user_name_input_bytes) return refused("the name is too long");
    if (!valid_utf8(text)) return refused("the name is not valid UTF-8");
    auto name = mapped(text, 0);
    if (!name) return refused("the name is not valid UTF-8");
    if (name->size() > limits::user_name_bytes) return refused("the name is too long");
    if (const char* objection = objection_to(*name); objection != nullptr) return refused(objection);
    const auto folded = mapped(*name, casefold_options);
    if (!folded || folded->empty()) return refused("there is nothing in the name that can be seen");
    return UserName::trusted(std::move(*name));
}

FoldedName fold_name(const UserName& name) {
    auto folded = mapped(name.str(), casefold_options);
    // Folding can bring forth what folds further.
    for (int i = 0; folded && i < 3; ++i) {
        auto again = mapped(*folded, casefold_options);
        if (again == folded) break;
        folded = std::move(again);
    }
    if (!folded || folded->empty()) return FoldedName::trusted(name.str());
    return FoldedName::trusted(std::move(*folded));
}

}  // namespace roomcast
