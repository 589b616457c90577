#include "bqcdc/schema/column_name_rules.h"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::schema {
namespace {

// https://cloud.google.com/bigquery/docs/schemas#column_names
constexpr std::array<std::string_view, 9> kReservedPrefixes = {
    "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TIMESTAMP", "_TABLE_",       "_FILE_",
    "_PARTITION",   "_ROW_TIMESTAMP",          "__ROOT__",          "_COLIDENTIFIER"};

// Characters that flexible column names exclude.
constexpr std::string_view kForbiddenCharacters = "!\"$()*,./;?@[\\]^`{}~";

// https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_decimal_type
struct DecimalLimits {
  int64_t integer_digits;
  int64_t scale;
};

DecimalLimits LimitsOf(ColumnType type) {
  return type == ColumnType::kNumeric ? DecimalLimits{29, 9} : DecimalLimits{38, 38};
}

// Counts characters of UTF-8; nullopt where the text is no UTF-8.
std::optional<size_t> CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t size = lead < 0x80         ? 1
                        : (lead >> 5) == 6  ? 2
                        : (lead >> 4) == 14 ? 3
                        : (lead >> 3) == 30 ? 4
                                            : 0;
    if (size == 0 || i + size > text.size()) return std::nullopt;
    for (size_t j = 1; j < size; ++j) {
      if ((static_cast<uint8_t>(text[i + j]) & 0xC0) != 0x80) return std::nullopt;
    }
    i += size;
  }
  return count;
}

absl::Status ValidateDecimalParameters(const Column& column) {
  if (column.scale.has_value() && !column.precision.has_value()) {
    return base::InvalidArgument("has a scale without a precision");
  }
  if (!column.precision.has_value()) return absl::OkStatus();
  const DecimalLimits limits = LimitsOf(column.type);
  const int64_t scale = column.scale.value_or(0);
  if (scale < 0 || scale > limits.scale) {
    return base::InvalidArgument("scale must be between 0 and ", limits.scale);
  }
  const int64_t precision_min = std::max<int64_t>(1, scale);
  if (*column.precision < precision_min || *column.precision > limits.integer_digits + scale) {
    return base::InvalidArgument("precision must be between ", precision_min, " and ",
                                 limits.integer_digits + scale, " for scale ", scale);
  }
  return absl::OkStatus();
}

absl::Status ValidateType(const Column& column) {
  const ColumnType type = column.type;
  const bool is_text = type == ColumnType::kString || type == ColumnType::kBytes;
  const bool is_decimal = type == ColumnType::kNumeric || type == ColumnType::kBigNumeric;
  if (column.max_length.has_value() && (!is_text || *column.max_length < 1)) {
    return base::InvalidArgument(is_text ? "max length must be positive" : "takes no max length");
  }
  if ((column.precision.has_value() || column.scale.has_value()) && !is_decimal) {
    return base::InvalidArgument("takes no precision and scale");
  }
  if (is_decimal) BQCDC_RETURN_IF_ERROR(ValidateDecimalParameters(column));
  if (column.timestamp_precision.has_value() &&
      (type != ColumnType::kTimestamp ||
       (*column.timestamp_precision != 6 && *column.timestamp_precision != 12))) {
    return base::InvalidArgument("timestamp precision must be 6 or 12, and of a TIMESTAMP");
  }
  if (column.range_element_type.has_value() != (type == ColumnType::kRange)) {
    return base::InvalidArgument(type == ColumnType::kRange ? "RANGE needs an element type"
                                                            : "takes no range element type");
  }
  if (type == ColumnType::kRange && column.range_element_type != ColumnType::kDate &&
      column.range_element_type != ColumnType::kDatetime &&
      column.range_element_type != ColumnType::kTimestamp) {
    return base::InvalidArgument("RANGE takes DATE, DATETIME or TIMESTAMP elements");
  }
  if (column.fields.empty() == (type == ColumnType::kStruct)) {
    return base::InvalidArgument(type == ColumnType::kStruct ? "STRUCT needs fields" : "takes no fields");
  }
  return absl::OkStatus();
}

// Puts the column's path before the message.
absl::Status AtColumn(const std::string& path, const absl::Status& status) {
  if (status.ok()) return status;
  return base::Error(status.code(), "column ", path, ": ", base::ToStd(status.message()));
}

absl::Status ValidateList(const std::vector<Column>& columns, const std::string& prefix, int depth,
                          size_t* count) {
  if (depth > kStructDepthMax) {
    return base::InvalidArgument("column ", prefix, " is nested deeper than ", kStructDepthMax, " levels");
  }
  *count += columns.size();
  if (*count > kColumnsMax) return base::InvalidArgument("a table has at most ", kColumnsMax, " columns");
  std::unordered_set<std::string> seen;
  for (const Column& column : columns) {
    const std::string path = prefix.empty() ? column.name : base::StrCat(prefix, ".", column.name);
    BQCDC_RETURN_IF_ERROR(ValidateColumnName(column.name));
    if (!seen.insert(LowerAscii(column.name)).second) {
      return base::InvalidArgument("column ", path, " appears twice (case is ignored)");
    }
    BQCDC_RETURN_IF_ERROR(AtColumn(path, ValidateType(column)));
    if (column.type == ColumnType::kStruct) {
      BQCDC_RETURN_IF_ERROR(ValidateList(column.fields, path, depth + 1, count));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsPseudoColumn(std::string_view name) {
  return EqualsIgnoreCase(name, kChangeTypeColumn) || EqualsIgnoreCase(name, kChangeSequenceNumberColumn);
}

absl::Status ValidateColumnName(std::string_view name) {
  if (name.empty()) return base::InvalidArgument("a column has no name");
  const std::optional<size_t> characters = CountCharacters(name);
  if (!characters.has_value()) return base::InvalidArgument("a column name is not UTF-8");
  if (*characters > kColumnNameCharactersMax) {
    return base::InvalidArgument("a column name has more than ", kColumnNameCharactersMax, " characters");
  }
  for (const char c : name) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
      return base::InvalidArgument("a column name holds a control character");
    }
    if (kForbiddenCharacters.find(c) != std::string_view::npos) {
      return base::InvalidArgument("column name \"", name, "\" holds '", std::string_view(&c, 1),
                                   "', which column names cannot");
    }
  }
  for (const std::string_view prefix : kReservedPrefixes) {
    if (StartsWithIgnoreCase(name, prefix)) {
      return base::InvalidArgument("column name \"", name, "\" starts with the reserved prefix ", prefix);
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateColumns(const std::vector<Column>& columns) {
  if (columns.empty()) return base::InvalidArgument("a table needs at least one column");
  size_t count = 0;
  return ValidateList(columns, "", 0, &count);
}

absl::Status ValidateTableSchema(const TableSchema& schema) {
  BQCDC_RETURN_IF_ERROR(ValidateColumns(schema.columns));
  if (schema.primary_key.size() > kPrimaryKeyColumnsMax) {
    return base::InvalidArgument("a primary key has at most ", kPrimaryKeyColumnsMax, " columns, not ",
                                 schema.primary_key.size());
  }
  std::unordered_set<std::string> seen;
  for (const std::string& name : schema.primary_key) {
    const Column* column = schema.FindColumn(name);
    if (column == nullptr)
      return base::InvalidArgument("primary key column ", name, " is no column of the table");
    if (!seen.insert(LowerAscii(name)).second) {
      return base::InvalidArgument("primary key column ", name, " appears twice");
    }
    if (column->repeated() || !IsKeyType(column->type)) {
      return base::InvalidArgument("column ", column->name, " of type ", SqlType(*column),
                                   " cannot be part of a primary key");
    }
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::schema
