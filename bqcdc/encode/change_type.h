#pragma once

#include <cstdint>
#include <string_view>

namespace bqcdc::encode {

// What a row does, the value of _CHANGE_TYPE.
enum class ChangeType : uint8_t { kUpsert, kDelete };

inline constexpr std::string_view kUpsertText = "UPSERT";
inline constexpr std::string_view kDeleteText = "DELETE";

}  // namespace bqcdc::encode
