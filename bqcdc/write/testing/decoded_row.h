#pragma once

#include <cstdint>
#include <string>

#include "bqcdc/encode/wire.h"

namespace bqcdc::write::testing {

// The fields of a row of the table that FakeRestService gives by default (id INT64, name STRING, and the
// pseudo-columns).
struct DecodedRow {
  std::int64_t id = 0;
  std::string name, change_type, sequence;
};

inline DecodedRow DecodeRow(const std::string& bytes) {
  DecodedRow row;
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  while (at != nullptr && at != end) {
    std::uint64_t tag = 0, value = 0;
    at = encode::ReadVarint(at, end, &tag);
    if (at != nullptr) at = encode::ReadVarint(at, end, &value);
    if (at == nullptr) break;
    if ((tag & 7) == 0) {
      row.id = static_cast<std::int64_t>(value);
      continue;
    }
    (tag >> 3 == 2 ? row.name : tag >> 3 == 3 ? row.change_type : row.sequence) = std::string(at, value);
    at += value;
  }
  return row;
}

}  // namespace bqcdc::write::testing
