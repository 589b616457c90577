#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"
#include "bqcdc/writer/writer.h"

namespace bqcdc::cli {

// What the changes of one table of `bench write` do: upserts of one key after the other, over and over, and
// among them, evenly spread, deletes of the key before.
class BenchChanges {
 public:
  struct Change {
    ChangeType type = ChangeType::kUpsert;
    std::int64_t key = 0;
  };

  // REQUIRES: keys > 0, deletes_percent from 0 to 100.
  BenchChanges(std::int64_t keys, int deletes_percent) : keys_(keys), deletes_percent_(deletes_percent) {}

  // The change of this number, from 0.
  Change At(std::int64_t number) const;
  // How many rows the table holds after so many changes.
  std::int64_t RowsAfter(std::int64_t changes) const;

 private:
  std::int64_t keys_;
  int deletes_percent_;
};

// What rows of one table are filled with: values that depend on the row in columns of every type, two
// elements where a column is REPEATED, and texts that share the wanted length among the columns that take
// text. Thread-safe.
class BenchRows {
 public:
  // `schema` must outlive it.
  static absl::StatusOr<BenchRows> Create(const schema::TableSchema& schema, const TableWriter& table,
                                          std::size_t row_bytes);

  // The key decides every value of the key's columns, so that equal keys are equal.
  absl::Status Append(TableWriter& table, const BenchChanges::Change& change, std::int64_t number,
                      const SequenceNumber& sequence) const;

 private:
  BenchRows(const schema::TableSchema& schema, std::vector<ColumnHandle> handles);

  std::string_view FillerOf(const schema::Column& column) const;
  void Set(Row& row, std::size_t column, std::int64_t value) const;
  nlohmann::json ValueOf(const schema::Column& column, std::int64_t value, bool is_key) const;
  nlohmann::json ElementOf(const schema::Column& column, std::int64_t value, bool is_key) const;

  const schema::TableSchema* schema_;
  std::vector<ColumnHandle> handles_;
  std::vector<bool> is_key_;
  // The writer takes STRUCT and RANGE in a row of JSON only.
  bool as_json_ = false;
  std::string filler_;
};

}  // namespace bqcdc::cli
