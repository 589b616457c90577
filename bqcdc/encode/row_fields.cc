#include "bqcdc/encode/row_fields.h"

#include <charconv>
#include <utility>

#include "bqcdc/encode/text_length.h"
#include "bqcdc/encode/usual_value.h"
#include "bqcdc/encode/wire.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::encode {
namespace {

constexpr size_t kFixedBytesMax = kTagBytesMax + kVarintBytesMax;
constexpr size_t kInt64DigitsMax = 20;

}  // namespace

RowFields::RowFields(std::shared_ptr<const EncodePlan> plan)
    : plan_(std::move(plan)), settable_columns_(plan_->row().column_count() - 2), finisher_(plan_) {}

void RowFields::Begin(EncodedRows* rows) {
  failure_.error = EncodeError::kNone;
  finisher_.Begin();
  output_.Open(rows);
}

const ColumnPlan* RowFields::Open(size_t column, size_t* begin) {
  if (failure_.error != EncodeError::kNone) return nullptr;
  if (column >= settable_columns_) {
    Fail(EncodeError::kUnknownColumn, nullptr);
    return nullptr;
  }
  const ColumnPlan& plan = plan_->row().column(column);
  if (!plan.repeated && finisher_.is_present(column)) {
    Fail(EncodeError::kDuplicateColumn, &plan);
    return nullptr;
  }
  *begin = output_.position();
  return &plan;
}

void RowFields::Close(size_t column, const ColumnPlan& plan, size_t begin, EncodeError error) {
  if (error != EncodeError::kNone) return Fail(error, &plan);
  finisher_.MarkPresent(column, plan, begin, output_.position());
}

void RowFields::Fail(EncodeError error, const ColumnPlan* column) {
  failure_.error = error;
  failure_.has_type = column != nullptr;
  failure_.bytes = 0;
  failure_.step_count = 0;
  failure_.unknown_name_bytes = 0;
  if (column == nullptr) return;
  failure_.type = column->type;
  failure_.steps[failure_.step_count++] = {column->name, -1};
}

void RowFields::SetInteger(size_t column, ValueEncoder kind, int64_t value, bool in_range) {
  size_t begin = 0;
  const ColumnPlan* const plan = Open(column, &begin);
  if (plan == nullptr) return;
  EncodeError error = plan->encoder != kind ? EncodeError::kWrongKind
                      : in_range            ? EncodeError::kNone
                                            : EncodeError::kOutOfRange;
  if (error == EncodeError::kNone) {
    output_.Ensure(kFixedBytesMax);
    output_.WriteTag(*plan);
    output_.set_cursor(WriteSignedVarint(value, output_.cursor()));
  }
  Close(column, *plan, begin, error);
}

void RowFields::SetBool(size_t column, bool value) {
  SetInteger(column, ValueEncoder::kBool, value ? 1 : 0, true);
}

void RowFields::SetDate(size_t column, int64_t days) {
  SetInteger(column, ValueEncoder::kDate, days, values::IsDate(days));
}

void RowFields::SetTimestamp(size_t column, int64_t micros) {
  SetInteger(column, ValueEncoder::kTimestamp, micros, values::IsTimestamp(micros));
}

void RowFields::SetInt64(size_t column, int64_t value) {
  const bool decimal =
      column < settable_columns_ && (plan_->row().column(column).encoder == ValueEncoder::kNumeric ||
                                     plan_->row().column(column).encoder == ValueEncoder::kBigNumeric);
  if (!decimal) return SetInteger(column, ValueEncoder::kInt64, value, true);
  char digits[kInt64DigitsMax];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  SetText(column, {digits, static_cast<size_t>(end - digits)});
}

void RowFields::SetDouble(size_t column, double value) {
  size_t begin = 0;
  const ColumnPlan* const plan = Open(column, &begin);
  if (plan == nullptr) return;
  if (plan->encoder != ValueEncoder::kFloat64) return Close(column, *plan, begin, EncodeError::kWrongKind);
  output_.Ensure(kFixedBytesMax);
  output_.WriteTag(*plan);
  output_.set_cursor(WriteDouble(value, output_.cursor()));
  Close(column, *plan, begin, EncodeError::kNone);
}

EncodeError RowFields::EncodeText(const ColumnPlan& column, std::string_view value) {
  switch (column.encoder) {
    case ValueEncoder::kString:
      if (IsLongerThan(value, column.max_length)) return EncodeError::kTooLong;
      return values::IsUtf8(value) ? scalars_.EncodeVerbatim(column, value, &output_)
                                   : EncodeError::kInvalidUtf8;
    case ValueEncoder::kGeography:
      if (!values::IsUtf8(value)) return EncodeError::kInvalidUtf8;
      return IsGeographyText(value) ? scalars_.EncodeVerbatim(column, value, &output_)
                                    : EncodeError::kMalformed;
    case ValueEncoder::kJson:
      if (!values::IsUtf8(value)) return EncodeError::kInvalidUtf8;
      return values::IsJson(value) ? scalars_.EncodeVerbatim(column, value, &output_)
                                   : EncodeError::kInvalidJsonText;
    case ValueEncoder::kNumeric:
    case ValueEncoder::kBigNumeric:
    case ValueEncoder::kInterval:
    case ValueEncoder::kDate:
    case ValueEncoder::kTime:
    case ValueEncoder::kDatetime:
    case ValueEncoder::kTimestamp:
    case ValueEncoder::kTimestampText:
      // None of their texts needs an escape, so with quotes around it is a JSON token.
      if (value.find_first_of("\"\\") != std::string_view::npos) return EncodeError::kMalformed;
      token_.assign(1, '"').append(value).append(1, '"').append(kValuePaddingBytes, ' ');
      {
        const std::string_view token(token_.data(), value.size() + 2);
        return WriteUsualValue(column, token, &output_) ? EncodeError::kNone
                                                        : scalars_.Encode(column, token, &output_);
      }
    default:
      return EncodeError::kWrongKind;
  }
}

void RowFields::SetText(size_t column, std::string_view value) {
  size_t begin = 0;
  const ColumnPlan* const plan = Open(column, &begin);
  if (plan != nullptr) Close(column, *plan, begin, EncodeText(*plan, value));
}

void RowFields::SetBytes(size_t column, std::string_view value) {
  size_t begin = 0;
  const ColumnPlan* const plan = Open(column, &begin);
  if (plan == nullptr) return;
  EncodeError error = EncodeError::kNone;
  if (plan->encoder != ValueEncoder::kBytes) error = EncodeError::kWrongKind;
  if (error == EncodeError::kNone && plan->max_length >= 0 &&
      static_cast<int64_t>(value.size()) > plan->max_length) {
    error = EncodeError::kTooLong;
  }
  if (error == EncodeError::kNone) error = scalars_.EncodeVerbatim(*plan, value, &output_);
  Close(column, *plan, begin, error);
}

EncodeError RowFields::Finish(ChangeType change_type, const values::SequenceNumber& sequence,
                              bool own_sequence, size_t row_bytes_max) {
  if (failure_.error != EncodeError::kNone) return failure_.error;
  const ColumnPlan* missing = nullptr;
  EncodeError error = finisher_.CheckKey(&missing);
  if (error == EncodeError::kNone && change_type == ChangeType::kUpsert)
    error = finisher_.CheckRequired(&missing);
  if (error == EncodeError::kNone) {
    error = finisher_.Finish(change_type, sequence, own_sequence, row_bytes_max, &output_);
  }
  if (error != EncodeError::kNone) Fail(error, missing);
  if (error == EncodeError::kRowTooLarge) failure_.bytes = row_bytes_max;
  return error;
}

}  // namespace bqcdc::encode
