#include "shared/core/time.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace roomcast {
namespace {

/// Reads exactly `count` digits at the front of `text` and takes them off.
bool take_number(std::string_view& text, std::size_t count, int& number) {
    if (text.size() < count) return false;
    number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return true;
}

bool take_char(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// `width` digits at `out`, with zeros in front.
void put_number(char* out, int width, int number) {
    for (int i = width - 1; i >= 0; --i, number /= 10) out[i] = static_cast<char>('0' + number % 10);
}

}  // namespace

TimeMs now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string format_rfc3339(TimeMs time) {
    using namespace std::chrono;
    const sys_time<milliseconds> point{milliseconds(time)};
    const auto day = floor<days>(point);
    const year_month_day date{day};
    const hh_mm_ss clock{point - day};
    std::string text = "0000-00-00T00:00:00.000Z";
    put_number(text.data() + 5, 2, static_cast<int>(static_cast<unsigned>(date.month())));
    put_number(text.data() + 8, 2, static_cast<int>(static_cast<unsigned>(date.day())));
    put_number(text.data() + 11, 2, static_cast<int>(clock.hours().count()));
    put_number(text.data() + 14, 2, static_cast<int>(clock.minutes().count()));
    put_number(text.data() + 17, 2, static_cast<int>(clock.seconds().count()));
    put_number(text.data() + 20, 3, static_cast<int>(clock.subseconds().count()));
    const int year = static_cast<int>(date.year());
    if (year >= 0 && year <= 9999) {
        put_number(text.data(), 4, year);
    } else {
        std::array<char, 8> wide{};
        std::snprintf(wide.data(), wide.size(), "%04d", year);
        text.replace(0, 4, wide.data());
    }
    return text;
}

std::optional<TimeMs> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    if (!take_number(text, 4, y) || !take_char(text, '-') || !take_number(text, 2, mo) ||
        !take_char(text, '-') || !take_number(text, 2, d))
        return std::nullopt;
    if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
    if (!take_number(text, 2, h) || !take_char(text, ':') || !take_number(text, 2, mi) ||
        !take_char(text, ':') || !take_number(text, 2, s))
        return std::nullopt;
    int millis = 0;
    if (take_char(text, '.')) {
        int digits = 0;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            if (digits < 3) millis = millis * 10 + (text.front() - '0');
            ++digits;
            text.remove_prefix(1);
        }
        if (digits == 0) return std::nullopt;
        for (; digits < 3; ++digits) millis *= 10;
    }
    int offset_minutes = 0;
    if (!take_char(text, 'Z') && !take_char(text, 'z')) {
        const bool west = take_char(text, '-');
        if (!west && !take_char(text, '+')) return std::nullopt;
        int oh = 0, om = 0;
        if (!take_number(text, 2, oh) || !take_char(text, ':') || !take_number(text, 2, om) || oh > 23 ||
            om > 59)
            return std::nullopt;
        offset_minutes = (west ? -1 : 1) * (oh * 60 + om);
    }
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    if (!text.empty() || !date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
    const auto point =
        sys_days(date) + hours(h) + minutes(mi - offset_minutes) + seconds(s) + milliseconds(millis);
    return duration_cast<milliseconds>(point.time_since_epoch()).count();
}

}  // namespace roomcast
