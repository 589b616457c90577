#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/cdc/key_dictionary.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/column_type.h"

namespace bqcdc::emulator::engine {

// Turns primary keys of chunk rows into bytes: equal bytes mean equal keys, and NULL equals NULL.
//
//   key    = column…, in key order
//   column = 0x00 (NULL) | 0x01 value
//   value  = fixed-width bytes of the machine, or for STRING and BYTES: length (4 bytes), then the bytes
class KeyEncoder {
 public:
  // `columns`: where each key column stands in the chunks; by default where it stands in the table.
  explicit KeyEncoder(const catalog::Table& table);
  static KeyEncoder ForKeyColumnsOnly(const catalog::Table& table, size_t first_column);

  void Encode(const Chunk& chunk, cdc::EncodedKeys& keys) const;

 private:
  struct KeyColumn {
    size_t index;
    schema::ColumnType type;
    bool picoseconds;
  };
  KeyEncoder() = default;
  std::vector<KeyColumn> columns_;
};

}  // namespace bqcdc::emulator::engine
