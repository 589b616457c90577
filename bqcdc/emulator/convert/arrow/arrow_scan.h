#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/writer_plan.h"

namespace bqcdc::emulator::convert {

// What one row of a record batch holds, by field of its plan: MessageScan's counterpart for RowDecoder. A
// row, an element or a part of a record is a RawValue whose scalar is its index in its column. It is kept and
// used again for every row, so that decoding does not allocate. Values point into the batch's body. Not
// thread-safe.
class ArrowScan {
 public:
  // Columns by field of the plan; both outlive the scan.
  ArrowScan(const MessagePlan& plan, const std::vector<ArrowColumn>& columns);
  ArrowScan(const ArrowScan&) = delete;
  ArrowScan& operator=(const ArrowScan&) = delete;

  void Reset() {}
  [[nodiscard]] bool Add(const RawValue& row) {
    row_ = static_cast<size_t>(row.scalar);
    return true;
  }

  // The value of a field, nullptr where it is NULL; RawValue::Null() for a List that is. Valid until the next
  // call for the field.
  const RawValue* Value(size_t field);
  // The elements of a List, RawValue::Null() among them; for a record the one part that it is.
  const std::vector<RawValue>& Values(size_t field);
  // Scan of the record of a kRecord field, or of those in its List.
  ArrowScan& Nested(size_t field) { return *nested_[field]; }

 private:
  const MessagePlan& plan_;
  const std::vector<ArrowColumn>& columns_;
  std::vector<RawValue> values_;
  std::vector<std::vector<RawValue>> lists_;
  std::vector<std::unique_ptr<ArrowScan>> nested_;
  size_t row_ = 0;
};

}  // namespace bqcdc::emulator::convert
