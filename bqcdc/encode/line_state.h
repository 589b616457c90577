#pragma once

#include <optional>
#include <string_view>

#include "bqcdc/encode/change_type.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::encode {

// What a line says of itself beside its columns.
struct LineState {
  bool has_change_type = false;
  bool has_sequence = false;
  ChangeType change_type = ChangeType::kUpsert;
  values::SequenceNumber sequence;

  // The text of a pseudo-column; false where it is none that can stand there.
  bool Take(const ColumnPlan& column, std::string_view text) {
    return column.encoder == ValueEncoder::kChangeType ? TakeChangeType(text) : TakeSequence(text);
  }

 private:
  bool TakeChangeType(std::string_view text) {
    if (text != kUpsertText && text != kDeleteText) return false;
    has_change_type = true;
    change_type = text == kDeleteText ? ChangeType::kDelete : ChangeType::kUpsert;
    return true;
  }
  bool TakeSequence(std::string_view text) {
    const std::optional<values::SequenceNumber> number = values::SequenceNumber::Parse(text);
    if (!number.has_value()) return false;
    has_sequence = true;
    sequence = *number;
    return true;
  }
};

}  // namespace bqcdc::encode
