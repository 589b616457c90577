#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// Values of a column's default expression for `rows` rows: chunks of one column.
using DefaultFunction =
    std::function<absl::StatusOr<std::vector<engine::Chunk>>(const schema::Column& column, size_t rows)>;

// Defaults of one request's columns, evaluated when first needed and then for all rows of the request at
// once.
class DefaultValues {
 public:
  // `evaluate` must outlive this; it may be empty, and then no default can be had.
  DefaultValues(const DefaultFunction& evaluate, size_t row_count)
      : evaluate_(evaluate), row_count_(row_count) {}

  // Writes the default of request row `row`. False: status() says why.
  bool Write(const schema::Column& column, size_t column_index, size_t row, engine::VectorWriter& writer,
             size_t at);

  const absl::Status& status() const { return status_; }

 private:
  struct Evaluated {
    std::vector<engine::Chunk> chunks;
    std::vector<size_t> first_row;  // of each chunk
  };
  bool Evaluate(const schema::Column& column, Evaluated* result);

  const DefaultFunction& evaluate_;
  const size_t row_count_;
  std::vector<Evaluated> by_column_;
  absl::Status status_;
};

}  // namespace bqcdc::emulator::convert
