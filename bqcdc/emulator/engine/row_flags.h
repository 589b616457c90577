#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace bqcdc::emulator::engine {

// What a fold says about the delta rows of one table (cdc::RowFlag), within reach of SQL: the scalar function
// `bqcdc_row(id, ordinal, flag)` is true where the row has the flag. A lookup by ordinal costs less than a
// join, and needs no table whose visibility would depend on transactions. Immutable; usable by SQL as long as
// the object lives.
class RowFlags {
 public:
  RowFlags(int64_t first_ordinal, std::vector<uint8_t> flags);
  ~RowFlags();
  RowFlags(const RowFlags&) = delete;
  RowFlags& operator=(const RowFlags&) = delete;

  int64_t first_ordinal() const { return first_ordinal_; }
  const std::vector<uint8_t>& bits() const { return flags_; }  // by row
  bool Has(int64_t ordinal, uint8_t flag) const {
    const auto index = static_cast<uint64_t>(ordinal - first_ordinal_);
    return index < flags_.size() && (flags_[index] & flag) != 0;
  }
  // A condition on `ordinal_column`.
  std::string Sql(uint8_t flag, const std::string& ordinal_column = "\"$ordinal\"") const;

 private:
  const int64_t first_ordinal_;
  const std::vector<uint8_t> flags_;
  const int64_t id_;
};

// Makes `bqcdc_row` known to the instance of `connection`. Once for each instance.
absl::Status RegisterRowFlags(Connection& connection);

}  // namespace bqcdc::emulator::engine
