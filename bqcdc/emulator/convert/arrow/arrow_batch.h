#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/writer_plan.h"

namespace bqcdc::emulator::convert {

// The values of one field in a record batch
// (https://arrow.apache.org/docs/format/Columnar.html#physical-memory-layout): views into the batch's body,
// as long as what is read of them.
struct ArrowColumn {
  const char* validity = nullptr;  // a bit for each value, nullptr where none is NULL
  const char* values = nullptr;  // bits, values of FieldPlan::width, or offsets: int32, one more than values
  const char* data = nullptr;    // what the offsets of a text or of bytes point into
  std::vector<ArrowColumn> parts;     // of a STRUCT or RANGE, in the order of its message
  std::vector<ArrowColumn> elements;  // of a List: one column

  bool IsNull(size_t row) const {
    return validity != nullptr && (static_cast<unsigned char>(validity[row / 8]) >> (row % 8) & 1) == 0;
  }
};

// A record batch, checked once and whole: what is read of its columns for rows below row_count() never leaves
// the body. Immutable; movable.
class ArrowBatch {
 public:
  // `message`: the RecordBatch message of `ArrowRecordBatch.serialized_record_batch`; it outlives the batch.
  // `plan`: of the schema that it was made for. Errors: InvalidArgument where the bytes are no such batch,
  // and for compressed buffers.
  static absl::StatusOr<ArrowBatch> Open(std::string_view message, const WriterPlan& plan);

  size_t row_count() const { return row_count_; }
  // By field of the plan's root.
  const std::vector<ArrowColumn>& columns() const { return columns_; }
  size_t bytes() const { return bytes_; }

 private:
  ArrowBatch() = default;

  size_t row_count_ = 0;
  size_t bytes_ = 0;
  std::vector<ArrowColumn> columns_;
};

}  // namespace bqcdc::emulator::convert
