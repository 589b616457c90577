#pragma once

#include <array>
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
  // The column's value stands in the output from `begin` to `end`.
  void MarkPresent(size_t column_index, const ColumnPlan& column, size_t begin, size_t end) {
    present_[column_index / 64] |= uint64_t{1} << (column_index % 64);
    if (column.key_position >= 0) MarkKey(static_cast<size_t>(column.key_position), begin, end);
  }
  // The same of several columns at once, a set as MessagePlan has them, but for where those of the key stand.
  void MarkPresent(const std::vector<uint64_t>& columns) {
    // Nearly always one word.
    for (size_t i = 0; i < columns.size(); ++i) present_[i] = columns[i];
  }
  void MarkKey(size_t key_position, size_t begin, size_t end) {
    key_spans_[key_position] = {begin, end - begin};
  }
  void MarkAbsent(size_t column_index) {
    present_[column_index / 64] &= ~(uint64_t{1} << (column_index % 64));
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

 private:
  // Where an encoded key column stands in the row.
  struct Span {
    size_t begin = 0;
    size_t size = 0;
  };

  // The encoded key columns in key order: equal keys have equal bytes. A view of the row where there is one,
  // of key_bytes_ else; 8 bytes more are readable.
  std::string_view GatherKey(RowOutput& output);
  // Of `key`; the row's other bytes are for mutants.
  uint64_t HashKey(std::string_view key, RowOutput& output) const;
  // As SequenceNumber::AppendTo; the epoch, which is long, is the same in all rows of a run.
  char* AppendSequence(const values::SequenceNumber& sequence, char* out);

  std::shared_ptr<const EncodePlan> plan_;
  std::vector<uint64_t> present_;
  std::vector<Span> key_spans_;  // by key position
  std::string key_bytes_;

  // The first section of the last number, with its divider: the epoch of a run.
  uint64_t epoch_ = 0;
  std::array<char, values::SequenceNumber::kSectionDigitsMax + 1> epoch_text_ = {'0', '/'};
  size_t epoch_bytes_ = 2;
};

}  // namespace bqcdc::encode
