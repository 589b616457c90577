#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/proto_rows.h"

namespace bqcdc::emulator::convert {

// Defaults of one request's columns, evaluated when first needed and then for all rows of the request at
// once.
class DefaultValues {
 public:
  // `input` must outlive this.
  explicit DefaultValues(const DecodeInput& input) : input_(input) {}

  // Whether a missing value of the column becomes its default. A column outside of the message always does
  // (https://cloud.google.com/bigquery/docs/default-values); one inside, where the request asks for it.
  bool Applies(size_t column_index, bool in_message) const {
    return !in_message ||
           (column_index < input_.default_when_missing.size() && input_.default_when_missing[column_index]);
  }

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

  const DecodeInput& input_;
  std::vector<Evaluated> by_column_;
  absl::Status status_;
};

}  // namespace bqcdc::emulator::convert
