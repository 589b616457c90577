#include "bqcdc/emulator/sql/statements/stored_values.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/emulator/type_parameters.h"

namespace bqcdc::emulator::sql {
namespace {

using engine::VectorReader;
using schema::Column;
using schema::ColumnType;

bool HasPrecision(const Column& column) {
  return column.precision.has_value() ||
         std::any_of(column.fields.begin(), column.fields.end(), &HasPrecision);
}

// `depth` names the variables of nested lambdas.
std::string Constrain(const Column& column, const std::string& value, bool element, int depth) {
  if (!HasPrecision(column)) return value;
  if (column.repeated() && !element) {
    const std::string name = base::StrCat("e", depth);
    return base::StrCat("list_transform(", value, ", lambda ", name, ": ",
                        Constrain(column, name, true, depth + 1), ")");
  }
  if (column.type == ColumnType::kStruct) {
    std::string fields;
    for (const Column& field : column.fields) {
      const std::string name = QuoteDuckDbText(field.name);
      base::StrAppend(
          &fields, fields.empty() ? "{" : ", ", name, ": ",
          Constrain(field, base::StrCat("struct_extract(", value, ", ", name, ")"), false, depth));
    }
    return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE ", fields, "} END");
  }
  return base::StrCat(
      column.type == ColumnType::kNumeric ? "bq_constrain_numeric(" : "bq_constrain_bignumeric(", value,
      ", CAST(", *column.precision, " AS BIGINT), CAST(", column.scale.value_or(0), " AS BIGINT))");
}

absl::Status CheckLength(const VectorReader& reader, size_t row, const Column& column) {
  const std::string_view bytes = reader.Bytes(row);
  const int64_t length =
      column.type == ColumnType::kString ? CountCodePoints(bytes) : static_cast<int64_t>(bytes.size());
  if (length <= *column.max_length) return absl::OkStatus();
  return errors::InvalidQuery(base::StrCat("Field ", column.name, ": ", TooLongText(column, length)));
}

absl::Status CheckCell(const VectorReader& reader, size_t row, const Column& column);

absl::Status CheckElement(const VectorReader& reader, size_t row, const Column& column) {
  if (column.max_length) BQCDC_RETURN_IF_ERROR(CheckLength(reader, row, column));
  for (size_t i = 0; i < column.fields.size(); ++i) {
    BQCDC_RETURN_IF_ERROR(CheckCell(reader.Field(i), row, column.fields[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckCell(const VectorReader& reader, size_t row, const Column& column) {
  if (reader.IsNull(row)) {
    if (!column.required()) return absl::OkStatus();
    return errors::InvalidQuery(base::StrCat("Required field ", column.name, " cannot be null"));
  }
  if (!column.repeated()) return CheckElement(reader, row, column);
  const VectorReader::ListEntry entry = reader.List(row);
  const VectorReader elements = reader.Elements();
  for (size_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (elements.IsNull(i)) {
      return errors::InvalidQuery(
          base::StrCat("Array cannot have a null element; error in writing field ", column.name));
    }
    BQCDC_RETURN_IF_ERROR(CheckElement(elements, i, column));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ConstrainSql(const Column& column, const std::string& value) {
  return Constrain(column, value, /*element=*/false, 0);
}

absl::Status CheckStored(const engine::Chunk& chunk, size_t index, const Column& column) {
  const VectorReader reader = chunk.Reader(index);
  for (size_t row = 0; row < chunk.row_count(); ++row) {
    BQCDC_RETURN_IF_ERROR(CheckCell(reader, row, column));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
