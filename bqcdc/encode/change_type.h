#pragma once

#include <cstdint>

namespace bqcdc::encode {

// What a row does, the value of _CHANGE_TYPE.
enum class ChangeType : uint8_t { kUpsert, kDelete };

}  // namespace bqcdc::encode
