#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// std::string_view is our string view. Debian's Abseil has a class of its own for absl::string_view, and
// neither converts to the other: Abseil functions take std::string and literals as they are, but a
// std::string_view only through here. (Where Abseil uses the standard's class, these functions do nothing.)

namespace bqcdc::base {

inline absl::string_view ToAbsl(std::string_view text) { return absl::string_view(text.data(), text.size()); }
inline std::string_view ToStd(absl::string_view text) { return std::string_view(text.data(), text.size()); }

namespace strings_internal {

template <typename T>
decltype(auto) Piece(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}

}  // namespace strings_internal

// absl::StrCat and absl::StrAppend whose pieces may be std::string_view too.
template <typename... Pieces>
[[nodiscard]] std::string StrCat(const Pieces&... pieces) {
  return absl::StrCat(strings_internal::Piece(pieces)...);
}

template <typename... Pieces>
void StrAppend(std::string* text, const Pieces&... pieces) {
  absl::StrAppend(text, strings_internal::Piece(pieces)...);
}

// A status whose message is the pieces put together:
//   return base::Error(absl::StatusCode::kNotFound, "table ", name, " does not exist");
template <typename... Pieces>
[[nodiscard]] absl::Status Error(absl::StatusCode code, const Pieces&... pieces) {
  return absl::Status(code, StrCat(pieces...));
}

// The same for the codes that are used most.
template <typename... Pieces>
[[nodiscard]] absl::Status InvalidArgument(const Pieces&... pieces) {
  return Error(absl::StatusCode::kInvalidArgument, pieces...);
}
template <typename... Pieces>
[[nodiscard]] absl::Status NotFound(const Pieces&... pieces) {
  return Error(absl::StatusCode::kNotFound, pieces...);
}
template <typename... Pieces>
[[nodiscard]] absl::Status Internal(const Pieces&... pieces) {
  return Error(absl::StatusCode::kInternal, pieces...);
}

inline absl::Cord ToCord(std::string_view text) { return absl::Cord(ToAbsl(text)); }

}  // namespace bqcdc::base
