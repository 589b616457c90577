#include "bqcdc/emulator/convert/testing/cell_text.h"

#include <charconv>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::emulator::convert::testing {
namespace {

using schema::ColumnType;

std::string ElementText(const schema::Column& column, const engine::VectorReader& reader, size_t row) {
  switch (column.type) {
    case ColumnType::kBool:
      return reader.Bool(row) ? "true" : "false";
    case ColumnType::kInt64:
      return absl::StrCat(reader.Int64(row));
    case ColumnType::kFloat64:
      return FloatCellText(reader.Double(row));
    case ColumnType::kNumeric: {
      values::Numeric numeric;
      if (values::Numeric::FromUnscaled(reader.Int128(row), &numeric) != values::ValueError::kNone)
        return "(bad)";
      return numeric.ToString();
    }
    case ColumnType::kBigNumeric: {
      values::BigNumeric numeric;
      if (values::BigNumeric::FromBlob(reader.Bytes(row), &numeric) != values::ValueError::kNone)
        return "(bad)";
      return numeric.ToString();
    }
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return base::StrCat("\"", reader.Bytes(row), "\"");
    case ColumnType::kBytes:
      return absl::StrCat("x'", absl::BytesToHexString(base::ToAbsl(reader.Bytes(row))), "'");
    case ColumnType::kDate:
      return values::FormatDate(reader.Int32(row));
    case ColumnType::kDatetime:
      return values::FormatDatetime(reader.Int64(row));
    case ColumnType::kTime:
      return values::FormatTime(reader.Int64(row));
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return values::FormatTimestampPicos(reader.Int128(row));
      return values::FormatTimestamp(reader.Int64(row));
    case ColumnType::kInterval: {
      const engine::IntervalValue value = reader.Interval(row);
      return values::FormatInterval({value.months, value.days, value.micros});
    }
    case ColumnType::kStruct: {
      std::string text = "{";
      for (size_t i = 0; i < column.fields.size(); ++i) {
        absl::StrAppend(&text, i == 0 ? "" : ", ", column.fields[i].name, ": ",
                        CellText(column.fields[i], reader.Field(i), row));
      }
      return text + "}";
    }
    case ColumnType::kRange: {
      std::string text;
      for (const schema::Column& end : schema::PartsOf(column)) {
        const bool is_start = text.empty();
        const engine::VectorReader bound = reader.Field(is_start ? 0 : 1);
        absl::StrAppend(&text, is_start ? "[" : ", ",
                        bound.IsUnbounded(row, end.type) ? "UNBOUNDED" : ElementText(end, bound, row));
      }
      return text + ")";
    }
  }
  return "";
}

}  // namespace

std::string FloatCellText(double value) {
  constexpr size_t kBytesMax = 32;
  char text[kBytesMax];
  return {text, std::to_chars(text, text + kBytesMax, value).ptr};
}

std::string CellText(const schema::Column& column, const engine::VectorReader& reader, size_t row) {
  if (reader.IsNull(row)) return "NULL";
  if (!column.repeated()) return ElementText(column, reader, row);
  const engine::VectorReader::ListEntry list = reader.List(row);
  const engine::VectorReader elements = reader.Elements();
  std::string text = "[";
  for (size_t i = 0; i < list.length; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", ElementText(column, elements, list.offset + i));
  }
  return text + "]";
}

}  // namespace bqcdc::emulator::convert::testing
