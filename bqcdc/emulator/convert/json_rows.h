#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bqcdc/emulator/convert/column_selection.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// `formatOptions.timestampOutputFormat`; `useInt64Timestamp` is kInt64.
enum class TimestampFormat {
  kFloat64,  // seconds, "1.705321996E9": the default
  kInt64,    // microseconds
  kIso8601,  // "2024-01-15T12:33:16Z"
};

// Writes rows of chunks in REST's form, {"f":[{"v":…},…]}
// (https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults#response-body), straight
// into text. `columns` must outlive it. Thread-safe.
class JsonRowWriter {
 public:
  JsonRowWriter(const std::vector<schema::Column>& columns, std::vector<SelectedColumn> selection,
                TimestampFormat timestamps);

  // Appends rows [first, first + count) of `chunk`, separated by commas and with one before the first unless
  // `out` is empty. Stops after the row that makes `out` reach `bytes_max`. Returns how many rows were
  // written.
  size_t AppendRows(const engine::Chunk& chunk, size_t first, size_t count, size_t bytes_max,
                    std::string* out) const;

 private:
  const std::vector<schema::Column>& columns_;
  const std::vector<SelectedColumn> selection_;
  const TimestampFormat timestamps_;
};

}  // namespace bqcdc::emulator::convert
