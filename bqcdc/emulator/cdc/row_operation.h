#pragma once

#include <cstdint>

namespace bqcdc::emulator::cdc {

// What a row does to its table; stored beside the row, so the numbers never change.
enum class RowOperation : uint8_t {
  kPlain = 0,  // appended without `_CHANGE_TYPE`, or with INSERT
  kUpsert = 1,
  kDelete = 2,
};

}  // namespace bqcdc::emulator::cdc
