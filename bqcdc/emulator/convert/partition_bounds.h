#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/chunk.h"

namespace bqcdc::emulator::convert {

// Which values the partitioning column of a table takes from streamed rows: days around the server's today.
// Loads and INSERT statements are not bound by it.
// https://cloud.google.com/bigquery/docs/write-api-streaming#time-unit_column_partitioning
class PartitionBounds {
 public:
  static constexpr int64_t kDaysBackMax = 3650;
  static constexpr int64_t kDaysAheadMax = 366;

  // Nullopt for a table that is not partitioned by a column of time.
  static std::optional<PartitionBounds> Of(const catalog::Table& table, absl::Time now);

  size_t column() const { return column_; }

  // What is wrong with the value at `row` of the partitioning column, nullopt if nothing is. NULL is right:
  // it has a partition of its own.
  std::optional<std::string> FaultOf(const engine::VectorReader& values, size_t row) const;

 private:
  PartitionBounds(size_t column, bool is_date, int64_t today, std::string target)
      : column_(column), is_date_(is_date), today_(today), target_(std::move(target)) {}

  size_t column_;
  bool is_date_;
  int64_t today_;       // days since 1970-01-01, UTC
  std::string target_;  // how messages name column and table
};

}  // namespace bqcdc::emulator::convert
