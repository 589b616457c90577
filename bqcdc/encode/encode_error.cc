#include "bqcdc/encode/encode_error.h"

#include <functional>

#include "bqcdc/base/strings.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::encode {
namespace {

using schema::ColumnType;

// What a column of the type takes, for "expected …".
std::string_view ExpectedKind(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return "true or false";
    case ColumnType::kInt64:
      return "an integer";
    case ColumnType::kFloat64:
      return "a number";
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return "a decimal number";
    case ColumnType::kString:
      return "text";
    case ColumnType::kBytes:
      return "base64 text, or an array of integers from -128 to 127";
    case ColumnType::kDate:
      return "a date as text (YYYY-MM-DD) or an integer of days since 1970";
    case ColumnType::kDatetime:
      return "a date and time as text, or the packed integer of one from year 1000 on";
    case ColumnType::kTime:
      return "a time as text (HH:MM:SS)";
    case ColumnType::kTimestamp:
      return "a timestamp as text or a whole number of microseconds";
    case ColumnType::kJson:
      return "JSON";
    case ColumnType::kInterval:
      return "an interval as text (Y-M D H:M:S)";
    case ColumnType::kGeography:
      return "text (WKT or GeoJSON)";
    case ColumnType::kRange:
      return "an object with start and end, or text \"[start, end)\"";
    case ColumnType::kStruct:
      return "an object";
  }
  return "another kind of value";
}

std::string Explain(const EncodeFailure& failure) {
  const std::string expected =
      failure.has_type ? base::StrCat("expected ", ExpectedKind(failure.type)) : std::string();
  switch (failure.error) {
    case EncodeError::kNone:
      return "no error";
    case EncodeError::kJsonSyntax:
      // The parts of the line may be: a value of this type has a limit of its own.
      if (failure.has_type && failure.type == ColumnType::kJson) {
        return base::StrCat("the value is not valid JSON, or nested deeper than ", values::kJsonDepthMax,
                            " levels");
      }
      if (failure.bytes == 0) return "the line is not valid JSON";
      return base::StrCat("the line is not valid JSON (byte ", failure.bytes, ")");
    case EncodeError::kInvalidUtf8:
      return "the line is not valid UTF-8";
    case EncodeError::kNotAnObject:
      return "the line is not a JSON object";
    case EncodeError::kLineTooLong:
      return "the line is too long";
    case EncodeError::kRowTooLarge:
      return base::StrCat("the row has more than ", failure.bytes, " bytes, the most that a request takes");
    case EncodeError::kChangeTypeMissing:
      return "_CHANGE_TYPE is missing: every line needs UPSERT or DELETE";
    case EncodeError::kChangeTypeInvalid:
      return "_CHANGE_TYPE must be UPSERT or DELETE";
    case EncodeError::kChangeTypeInsert:
      return "_CHANGE_TYPE INSERT is refused: BigQuery would append the row beside others of its key; write "
             "UPSERT";
    case EncodeError::kSequenceMissing:
      return "_CHANGE_SEQUENCE_NUMBER is missing although other lines bring one: either every line has it or "
             "none";
    case EncodeError::kSequenceInvalid:
      return "_CHANGE_SEQUENCE_NUMBER must be text of 1 to 4 hexadecimal sections of 1 to 16 digits, divided "
             "by /";
    case EncodeError::kSequenceUnexpected:
      return "_CHANGE_SEQUENCE_NUMBER is given although other lines have none: either every line has it or "
             "none";
    case EncodeError::kUnknownColumn:
      return "the table has no such column";
    case EncodeError::kDuplicateColumn:
      return "the column is given twice (names are compared without regard to case)";
    case EncodeError::kNullKey:
      return "the primary key column is absent or null";
    case EncodeError::kNullRequired:
      return "the REQUIRED column is absent or null";
    case EncodeError::kNullElement:
      return "null elements of arrays cannot be stored";
    case EncodeError::kWrongKind:
      return expected;
    case EncodeError::kNotAnArray:
      return "the column is REPEATED: expected an array";
    case EncodeError::kMalformed:
      return base::StrCat("the value is malformed, ", expected);
    case EncodeError::kOutOfRange:
      return "the value is out of range of the column's type";
    case EncodeError::kTooPrecise:
      return "the value has more fractional digits of a second than the column keeps";
    case EncodeError::kTooLong:
      return "the value is longer than the column's maximum length";
    case EncodeError::kPrecisionExceeded:
      return "the value has more digits than the column's precision and scale take";
    case EncodeError::kInvalidBase64:
      return "the text is not base64";
    case EncodeError::kInvalidJsonText:
      return base::StrCat("the text is not JSON, or nested deeper than ", values::kJsonDepthMax, " levels");
    case EncodeError::kInvalidEscape:
      return "the text holds an escape that JSON does not have, or half of a surrogate pair";
  }
  return "unknown error";
}

}  // namespace

std::string EncodeFailure::Path() const {
  std::string path;
  for (size_t i = step_count; i-- > 0;) {
    base::StrAppend(&path, path.empty() ? "" : ".", steps[i].column);
    if (steps[i].element >= 0) base::StrAppend(&path, "[", steps[i].element, "]");
  }
  if (unknown_name_bytes != 0) base::StrAppend(&path, path.empty() ? "" : ".", unknown_name());
  return path;
}

bool EncodeFailure::DependsOnSchema() const {
  switch (error) {
    case EncodeError::kUnknownColumn:
    case EncodeError::kNullRequired:
    case EncodeError::kTooLong:
    case EncodeError::kPrecisionExceeded:
      return true;
    // INT64 becomes NUMERIC, BIGNUMERIC or FLOAT64, NUMERIC the latter two, BIGNUMERIC the last.
    case EncodeError::kWrongKind:
    case EncodeError::kMalformed:
    case EncodeError::kOutOfRange:
      return has_type &&
             (type == ColumnType::kInt64 || type == ColumnType::kNumeric || type == ColumnType::kBigNumeric);
    default:
      return false;
  }
}

uint64_t EncodeFailure::ReasonHash() const {
  std::string reason(1, static_cast<char>(error));
  for (size_t i = step_count; i-- > 0;) base::StrAppend(&reason, steps[i].column, ".");
  base::StrAppend(&reason, unknown_name());
  return std::hash<std::string>()(reason);
}

absl::Status DescribeEncodeError(const EncodeFailure& failure) {
  const std::string path = failure.Path();
  if (path.empty()) return base::InvalidArgument(Explain(failure));
  return base::InvalidArgument("column ", path, ": ", Explain(failure));
}

std::string_view EncodeErrorName(EncodeError error) {
  switch (error) {
    case EncodeError::kNone:
      return "none";
    case EncodeError::kJsonSyntax:
      return "json_syntax";
    case EncodeError::kInvalidUtf8:
      return "invalid_utf8";
    case EncodeError::kNotAnObject:
      return "not_an_object";
    case EncodeError::kLineTooLong:
      return "line_too_long";
    case EncodeError::kRowTooLarge:
      return "row_too_large";
    case EncodeError::kChangeTypeMissing:
      return "change_type_missing";
    case EncodeError::kChangeTypeInvalid:
      return "change_type_invalid";
    case EncodeError::kChangeTypeInsert:
      return "change_type_insert";
    case EncodeError::kSequenceMissing:
      return "sequence_missing";
    case EncodeError::kSequenceInvalid:
      return "sequence_invalid";
    case EncodeError::kSequenceUnexpected:
      return "sequence_unexpected";
    case EncodeError::kUnknownColumn:
      return "unknown_column";
    case EncodeError::kDuplicateColumn:
      return "duplicate_column";
    case EncodeError::kNullKey:
      return "null_key";
    case EncodeError::kNullRequired:
      return "null_required";
    case EncodeError::kNullElement:
      return "null_element";
    case EncodeError::kWrongKind:
      return "wrong_kind";
    case EncodeError::kNotAnArray:
      return "not_an_array";
    case EncodeError::kMalformed:
      return "malformed";
    case EncodeError::kOutOfRange:
      return "out_of_range";
    case EncodeError::kTooPrecise:
      return "too_precise";
    case EncodeError::kTooLong:
      return "too_long";
    case EncodeError::kPrecisionExceeded:
      return "precision_exceeded";
    case EncodeError::kInvalidBase64:
      return "invalid_base64";
    case EncodeError::kInvalidJsonText:
      return "invalid_json_text";
    case EncodeError::kInvalidEscape:
      return "invalid_escape";
  }
  return "unknown";
}

}  // namespace bqcdc::encode
