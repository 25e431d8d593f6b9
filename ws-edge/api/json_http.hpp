#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "shared/core/result.hpp"
#include "shared/net/http.hpp"

/// JSON in and out of HTTP requests. Pure functions.
namespace roomcast::edge {

/// An answer that is not to be kept by anybody.
[[nodiscard]] net::http::Response json_response(unsigned status, const nlohmann::json& body);
[[nodiscard]] net::http::Response empty_response();  // 204
/// 405, naming what is allowed.
[[nodiscard]] net::http::Response not_with_that_method(std::string_view allowed);

/// The body as an object; an empty one where there is no body. `bad_frame` for anything else.
[[nodiscard]] Result<nlohmann::json> json_body(const net::http::Request& request);
/// A field that is there and a string, else `bad_frame`.
[[nodiscard]] Result<std::string> text_field(const nlohmann::json& body, const char* name);
/// A whole number in the query; none where it is not there, `bad_frame` where it is something else.
[[nodiscard]] Result<std::optional<std::int64_t>> number_in_query(const net::http::Request& request,
                                                                  std::string_view name);

}  // namespace roomcast::edge
