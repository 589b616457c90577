#include "tests/oracle/cells.h"

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

namespace bqcdc::oracle {
namespace {

using emulator::engine::VectorReader;
using emulator::engine::VectorWriter;
using schema::Column;
using schema::ColumnType;

__int128 Integer(const std::string& text) {
  __int128 value = 0;
  const bool negative = text.starts_with('-');
  for (size_t i = negative ? 1 : 0; i < text.size(); ++i) value = value * 10 + (text[i] - '0');
  return negative ? -value : value;
}

int64_t Int64(const std::string& text) { return static_cast<int64_t>(Integer(text)); }

void WriteNull(const Column& column, VectorWriter writer, size_t row) {
  if (column.repeated()) return static_cast<void>(writer.StartList(row, 0));  // NULL is shown as empty
  const std::vector<Column>& parts = schema::PartsOf(column);
  for (size_t i = 0; i < parts.size(); ++i) WriteNull(parts[i], writer.Field(i), row);
  writer.SetNull(row);
}

void WriteRange(const Column& column, const Value& value, VectorWriter writer, size_t row) {
  const std::vector<Column>& bounds = schema::PartsOf(column);
  for (size_t i = 0; i < bounds.size(); ++i) {
    VectorWriter bound = writer.Field(i);
    if (value.parts[i].null) {
      bound.SetUnbounded(row, *column.range_element_type, /*is_start=*/i == 0);
    } else {
      WriteValue(bounds[i], value.parts[i], bound, row);
    }
  }
}

void WriteElement(const Column& column, const Value& value, VectorWriter writer, size_t row) {
  const std::string& text = value.text;
  switch (column.type) {
    case ColumnType::kBool:
      return writer.SetBool(row, text == "true");
    case ColumnType::kFloat64:
      return writer.SetDouble(row, std::strtod(text.c_str(), nullptr));
    case ColumnType::kNumeric: {
      values::Numeric number;
      if (values::Numeric::Parse(text, &number) != values::ValueError::kNone) std::abort();
      return writer.SetInt128(row, number.unscaled());
    }
    case ColumnType::kBigNumeric: {
      values::BigNumeric number;
      if (values::BigNumeric::Parse(text, &number) != values::ValueError::kNone) std::abort();
      return writer.SetBytes(row, number.ToBlob());
    }
    case ColumnType::kString:
    case ColumnType::kBytes:
    case ColumnType::kJson:
    case ColumnType::kGeography:
      return writer.SetBytes(row, text);
    case ColumnType::kDate:
      return writer.SetInt32(row, static_cast<int32_t>(Integer(text)));
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return writer.SetInt128(row, Integer(text));
      return writer.SetInt64(row, Int64(text));
    case ColumnType::kInt64:
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      return writer.SetInt64(row, Int64(text));
    case ColumnType::kInterval: {
      const std::vector<std::string> parts = absl::StrSplit(text, ' ');
      return writer.SetInterval(row, {static_cast<int32_t>(Integer(parts[0])),
                                      static_cast<int32_t>(Integer(parts[1])), Int64(parts[2])});
    }
    case ColumnType::kRange:
      return WriteRange(column, value, writer, row);
    case ColumnType::kStruct:
      for (size_t i = 0; i < column.fields.size(); ++i)
        WriteValue(column.fields[i], value.parts[i], writer.Field(i), row);
  }
}

Value ReadParts(const Column& column, const VectorReader& reader, size_t row) {
  const std::vector<Column>& parts = schema::PartsOf(column);
  Value value = Composite({});
  for (size_t i = 0; i < parts.size(); ++i) {
    const VectorReader part = reader.Field(i);
    const bool unbounded =
        column.type == ColumnType::kRange && part.IsUnbounded(row, *column.range_element_type);
    value.parts.push_back(unbounded ? Value() : ReadValue(parts[i], part, row));
  }
  return value;
}

std::string ReadScalar(const Column& column, const VectorReader& reader, size_t row) {
  switch (column.type) {
    case ColumnType::kBool:
      return reader.Bool(row) ? "true" : "false";
    case ColumnType::kFloat64:
      return FloatText(reader.Double(row));
    case ColumnType::kNumeric: {
      values::Numeric number;
      if (values::Numeric::FromUnscaled(reader.Int128(row), &number) != values::ValueError::kNone)
        return "out of range";
      return number.ToString();
    }
    case ColumnType::kBigNumeric: {
      values::BigNumeric number;
      if (values::BigNumeric::FromBlob(reader.Bytes(row), &number) != values::ValueError::kNone)
        return "no BIGNUMERIC";
      return number.ToString();
    }
    case ColumnType::kDate:
      return absl::StrCat(reader.Int32(row));
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return IntegerText(reader.Int128(row));
      return absl::StrCat(reader.Int64(row));
    case ColumnType::kInt64:
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      return absl::StrCat(reader.Int64(row));
    case ColumnType::kInterval: {
      const auto interval = reader.Interval(row);
      return absl::StrCat(interval.months, " ", interval.days, " ", interval.micros);
    }
    default:
      return std::string(reader.Bytes(row));
  }
}

Value ReadElement(const Column& column, const VectorReader& reader, size_t row) {
  if (reader.IsNull(row)) return {};
  if (!schema::PartsOf(column).empty()) return ReadParts(column, reader, row);
  return Scalar(ReadScalar(column, reader, row));
}

}  // namespace

void WriteValue(const Column& column, const Value& value, VectorWriter writer, size_t row) {
  if (value.null) return WriteNull(column, writer, row);
  if (!column.repeated()) return WriteElement(column, value, writer, row);
  const size_t begin = writer.StartList(row, value.parts.size());
  for (size_t i = 0; i < value.parts.size(); ++i)
    WriteElement(column, value.parts[i], writer.Elements(), begin + i);
}

Value ReadValue(const Column& column, const VectorReader& reader, size_t row) {
  if (!column.repeated()) return ReadElement(column, reader, row);
  if (reader.IsNull(row)) return {};
  Value list = Composite({});
  const VectorReader::ListEntry entry = reader.List(row);
  for (size_t i = 0; i < entry.length; ++i)
    list.parts.push_back(ReadElement(column, reader.Elements(), entry.offset + i));
  return list.parts.empty() ? Value() : list;
}

}  // namespace bqcdc::oracle
