#include "bqcdc/emulator/convert/default_values.h"

#include <algorithm>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/cell_converter.h"

namespace bqcdc::emulator::convert {

bool DefaultValues::Write(const schema::Column& column, size_t column_index, size_t row,
                          engine::VectorWriter& writer, size_t at) {
  if (by_column_.size() <= column_index) by_column_.resize(column_index + 1);
  Evaluated& evaluated = by_column_[column_index];
  if (evaluated.chunks.empty() && !Evaluate(column, &evaluated)) return false;
  const auto next = std::upper_bound(evaluated.first_row.begin(), evaluated.first_row.end(), row);
  const size_t chunk = static_cast<size_t>(next - evaluated.first_row.begin()) - 1;
  CopyCell(column, evaluated.chunks[chunk].Reader(0), row - evaluated.first_row[chunk], writer, at);
  return true;
}

bool DefaultValues::Evaluate(const schema::Column& column, Evaluated* result) {
  if (!evaluate_) {
    status_ = base::Error(absl::StatusCode::kUnimplemented,
                          "column defaults are not evaluated here: ", column.name);
    return false;
  }
  auto chunks = evaluate_(column, row_count_);
  if (!chunks.ok()) {
    status_ = chunks.status();
    return false;
  }
  size_t rows = 0;
  for (const engine::Chunk& chunk : *chunks) {
    result->first_row.push_back(rows);
    rows += chunk.row_count();
  }
  if (rows < row_count_) {
    status_ = base::Internal("the default of column ", column.name, " gave ", rows, " values instead of ",
                             row_count_);
    return false;
  }
  result->chunks = *std::move(chunks);
  return true;
}

}  // namespace bqcdc::emulator::convert
