#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/encode/change_type.h"
#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::encode {

// The end of a row, the same for every front end: which columns have a value, the key, the two pseudo-columns
// and the facts. An UPSERT keeps what was written; of a DELETE only the key stays. Not thread-safe.
class RowFinisher {
 public:
  explicit RowFinisher(std::shared_ptr<const EncodePlan> plan);

  // Starts a row: nothing has a value yet.
  void Begin();
  // The column's value stands in the output from `begin` to its position.
  void MarkPresent(size_t column_index, const ColumnPlan& column, size_t begin, const RowOutput& output) {
    present_[column_index / 64] |= uint64_t{1} << (column_index % 64);
    if (column.key_position >= 0) {
      key_spans_[static_cast<size_t>(column.key_position)] = {begin, output.position() - begin};
    }
  }
  bool is_present(size_t column_index) const {
    return (present_[column_index / 64] >> (column_index % 64) & 1) != 0;
  }

  // Checks the key (kNullKey) and, for an UPSERT, the required columns (kNullRequired); `*missing` is the
  // first column that lacks a value then.
  [[nodiscard]] EncodeError CheckKey(const ColumnPlan** missing) const;
  [[nodiscard]] EncodeError CheckRequired(const ColumnPlan** missing) const;

  // Writes the pseudo-columns and closes the row. Errors: kRowTooLarge, with the row still open.
  [[nodiscard]] EncodeError Finish(ChangeType change_type, const values::SequenceNumber& sequence,
                                   bool own_sequence, size_t row_bytes_max, RowOutput* output);

  // The encoded key columns of the last finished row in key order: equal keys have equal bytes.
  std::string_view key_bytes() const { return key_bytes_; }

 private:
  // Where an encoded key column stands in the row.
  struct Span {
    size_t begin = 0;
    size_t size = 0;
  };

  // Of key_bytes_; the row's other bytes are for mutants.
  uint64_t HashKey(RowOutput& output) const;

  std::shared_ptr<const EncodePlan> plan_;
  std::vector<uint64_t> present_;
  std::vector<Span> key_spans_;  // by key position
  std::string key_bytes_;
};

}  // namespace bqcdc::encode
