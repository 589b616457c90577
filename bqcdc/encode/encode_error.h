#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/schema/column_type.h"

namespace bqcdc::encode {

// Why a line is no row. One byte, because it is checked for each field.
enum class EncodeError : uint8_t {
  kNone = 0,
  // The line as a whole.
  kJsonSyntax,
  kInvalidUtf8,
  kNotAnObject,
  kLineTooLong,
  kRowTooLarge,
  // Pseudo-columns.
  kChangeTypeMissing,
  kChangeTypeInvalid,
  kChangeTypeInsert,
  kSequenceMissing,
  kSequenceInvalid,
  kSequenceUnexpected,
  // Columns.
  kUnknownColumn,
  kDuplicateColumn,
  kNullKey,
  kNullRequired,
  kNullElement,
  // Values.
  kWrongKind,
  kNotAnArray,
  kMalformed,
  kOutOfRange,
  kTooPrecise,
  kTooLong,
  kPrecisionExceeded,
  kInvalidBase64,
  kInvalidJsonText,
  kInvalidEscape,
};

// A failed row: the error and where it stands. Fixed size, so that failing costs no allocation. Never holds a
// cell value; holds the name of an unknown column, which is a name and not a value.
struct EncodeFailure {
  // One step for each STRUCT around the value and one for the value's own column; deeper ones cannot occur.
  static constexpr size_t kPathStepsMax = 17;
  static constexpr size_t kUnknownNameBytesMax = 120;

  struct Step {
    std::string_view column;  // name of the column, lives in the plan
    int64_t element = -1;     // ordinal in an array, -1 = no array
  };

  EncodeError error = EncodeError::kNone;
  bool has_type = false;
  schema::ColumnType type = schema::ColumnType::kString;  // of the failing column, where has_type
  // kJsonSyntax: where the line ceases to be JSON, from 1; one more than it has where it ends too early.
  // kRowTooLarge: the limit. 0 = not known.
  uint64_t bytes = 0;
  uint8_t step_count = 0;
  uint8_t unknown_name_bytes = 0;
  std::array<Step, kPathStepsMax> steps;  // innermost first
  std::array<char, kUnknownNameBytesMax> unknown_name_text;

  std::string_view unknown_name() const { return {unknown_name_text.data(), unknown_name_bytes}; }
  // "address.lines[2].text"; empty where the line as a whole failed.
  std::string Path() const;

  // Whether the table could be made to take such a row while changes are streamed into it: a column is added,
  // REQUIRED is relaxed, a type or a length is widened.
  // https://cloud.google.com/bigquery/docs/managing-table-schemas
  bool DependsOnSchema() const;
  // The same for all rows that fail for one reason at one column, whatever their values and elements are.
  uint64_t ReasonHash() const;
};

// Makes a readable InvalidArgument status: column path, what was expected, never the value.
absl::Status DescribeEncodeError(const EncodeFailure& failure);

// A stable word for metrics and dead letters: "wrong_kind", "null_key".
std::string_view EncodeErrorName(EncodeError error);

}  // namespace bqcdc::encode
