#include "bqcdc/emulator/convert/arrow/arrow_type.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/ipc_generated.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

namespace bqcdc::emulator::convert {
namespace {

using schema::Column;
using schema::ColumnType;

bool Take(SourceType source, size_t width, FieldPlan& plan) {
  plan.source = source;
  plan.width = static_cast<uint8_t>(width);
  return true;
}

bool TakeInt(const ipc::Int& type, ColumnType column, bool end_of_range, FieldPlan& plan) {
  const int bits = type.bit_width();
  if (column == ColumnType::kDate) {
    return bits == 32 && type.is_signed() && !end_of_range && Take(SourceType::kInt32, 4, plan);
  }
  if (column != ColumnType::kInt64 || (bits != 8 && bits != 16 && bits != 32 && bits != 64)) return false;
  return Take(type.is_signed() ? SourceType::kInt64 : SourceType::kUint64, static_cast<size_t>(bits) / 8,
              plan);
}

bool TakeFloat(const ipc::FloatingPoint& type, ColumnType column, FieldPlan& plan) {
  if (column != ColumnType::kFloat64) return false;
  switch (type.precision()) {
    case ipc::Precision::SINGLE:
      return Take(SourceType::kFloat, 4, plan);
    case ipc::Precision::DOUBLE:
      return Take(SourceType::kDouble, 8, plan);
    case ipc::Precision::HALF:
      break;
  }
  return false;
}

// Any scale that the column's type has room for; a column's own parameters round or refuse row by row.
bool TakeDecimal(const ipc::Decimal& type, ColumnType column, FieldPlan& plan) {
  const bool numeric =
      column == ColumnType::kNumeric && type.bit_width() == 128 && type.scale() <= values::Numeric::kScale;
  const bool bignumeric = column == ColumnType::kBigNumeric && type.bit_width() == 256 &&
                          type.scale() <= values::BigNumeric::kScale;
  // Arrow's scales may be negative: thousands, millions.
  if (!(numeric || bignumeric) || type.scale() < -values::BigNumeric::kScale) return false;
  plan.scale = static_cast<int16_t>(type.scale());
  return Take(SourceType::kDecimal, static_cast<size_t>(type.bit_width()) / 8, plan);
}

bool TakeTimestamp(const ipc::Timestamp& type, ColumnType column, FieldPlan& plan) {
  if (type.unit() != ipc::TimeUnit::MICROSECOND) return false;
  const bool zoned = type.timezone() != nullptr && type.timezone()->size() > 0;
  // Arrow counts from 1970 in UTC whatever zone is named.
  if (column == ColumnType::kTimestamp) return Take(SourceType::kInt64, 8, plan);
  return column == ColumnType::kDatetime && !zoned && Take(SourceType::kMicros, 8, plan);
}

bool TakeInterval(const ipc::Interval& type, ColumnType column, FieldPlan& plan) {
  if (column != ColumnType::kInterval) return false;
  switch (type.unit()) {
    case ipc::IntervalUnit::YEAR_MONTH:
      return Take(SourceType::kCalendarUnits, 4, plan);
    case ipc::IntervalUnit::DAY_TIME:
      return Take(SourceType::kCalendarUnits, 8, plan);
    case ipc::IntervalUnit::MONTH_DAY_NANO:
      return Take(SourceType::kCalendarUnits, 16, plan);
  }
  return false;
}

bool TakesText(ColumnType column) {
  return column == ColumnType::kString || column == ColumnType::kJson || column == ColumnType::kGeography ||
         column == ColumnType::kDate || column == ColumnType::kInterval;
}

std::string_view UnitName(ipc::TimeUnit unit) {
  static constexpr std::array<std::string_view, 4> kNames = {"s", "ms", "us", "ns"};
  const auto index = static_cast<size_t>(unit);
  return index < kNames.size() ? kNames[index] : "?";
}

std::string TimestampName(const ipc::Timestamp& type) {
  const std::string_view zone = type.timezone() == nullptr
                                    ? std::string_view()
                                    : std::string_view(type.timezone()->data(), type.timezone()->size());
  return base::StrCat("timestamp[", UnitName(type.unit()), zone.empty() ? "" : ", tz=", zone, "]");
}

// Cut off where it grows beyond what anybody reads.
std::string NestedName(const ipc::Field& field) {
  constexpr size_t kNameBytesMax = 200;
  const bool is_list = field.type_type() == ipc::Type::List;
  std::string name = is_list ? "list<" : "struct<";
  const char* separator = "";
  for (flatbuffers::uoffset_t i = 0; field.children() != nullptr && i < field.children()->size(); ++i) {
    if (name.size() > kNameBytesMax) {
      name += ", …";
      break;
    }
    const ipc::Field& child = *field.children()->Get(i);
    base::StrAppend(&name, separator);
    if (!is_list) base::StrAppend(&name, child.name() == nullptr ? "" : Quotable(child.name()->str()), ": ");
    base::StrAppend(&name, ArrowTypeName(child));
    separator = ", ";
  }
  return name + ">";
}

std::string IntervalName(ipc::IntervalUnit unit) {
  switch (unit) {
    case ipc::IntervalUnit::YEAR_MONTH:
      return "month_interval";
    case ipc::IntervalUnit::DAY_TIME:
      return "day_time_interval";
    case ipc::IntervalUnit::MONTH_DAY_NANO:
      return "month_day_nano_interval";
  }
  return "interval";
}

}  // namespace

bool ResolveArrowSource(const ipc::Field& field, const Column& column, bool end_of_range, FieldPlan& plan) {
  if (field.dictionary() != nullptr) return false;
  switch (field.type_type()) {
    case ipc::Type::Bool:
      return column.type == ColumnType::kBool && Take(SourceType::kBool, 0, plan);
    case ipc::Type::Binary:
      return column.type == ColumnType::kBytes && Take(SourceType::kBytes, 0, plan);
    case ipc::Type::Utf8:
      return TakesText(column.type) && !end_of_range && Take(SourceType::kString, 0, plan);
    case ipc::Type::Int:
      return field.type_as_Int() != nullptr && TakeInt(*field.type_as_Int(), column.type, end_of_range, plan);
    case ipc::Type::FloatingPoint:
      return field.type_as_FloatingPoint() != nullptr &&
             TakeFloat(*field.type_as_FloatingPoint(), column.type, plan);
    case ipc::Type::Decimal:
      return field.type_as_Decimal() != nullptr && TakeDecimal(*field.type_as_Decimal(), column.type, plan);
    case ipc::Type::Date:
      return field.type_as_Date() != nullptr && field.type_as_Date()->unit() == ipc::DateUnit::DAY &&
             column.type == ColumnType::kDate && Take(SourceType::kInt32, 4, plan);
    case ipc::Type::Time:
      // Not on the page, but in the service's own example of pyarrow.
      return field.type_as_Time() != nullptr && field.type_as_Time()->unit() == ipc::TimeUnit::MICROSECOND &&
             field.type_as_Time()->bit_width() == 64 && column.type == ColumnType::kTime &&
             Take(SourceType::kMicros, 8, plan);
    case ipc::Type::Timestamp:
      return field.type_as_Timestamp() != nullptr &&
             TakeTimestamp(*field.type_as_Timestamp(), column.type, plan);
    case ipc::Type::Interval:
      return field.type_as_Interval() != nullptr &&
             TakeInterval(*field.type_as_Interval(), column.type, plan);
    case ipc::Type::Struct:
      return (column.type == ColumnType::kStruct || column.type == ColumnType::kRange) &&
             Take(SourceType::kRecord, 0, plan);
    default:
      return false;
  }
}

std::string ArrowTypeName(const ipc::Field& field) {
  if (field.dictionary() != nullptr) return "dictionary";
  if (field.type_type() == ipc::Type::List || field.type_type() == ipc::Type::Struct)
    return NestedName(field);
  if (const auto* type = field.type_as_Int()) {
    return base::StrCat(type->is_signed() ? "int" : "uint", type->bit_width());
  }
  if (const auto* type = field.type_as_FloatingPoint()) {
    return type->precision() == ipc::Precision::HALF     ? "halffloat"
           : type->precision() == ipc::Precision::SINGLE ? "float"
                                                         : "double";
  }
  if (const auto* type = field.type_as_Decimal()) {
    return base::StrCat("decimal", type->bit_width(), "(", type->precision(), ", ", type->scale(), ")");
  }
  if (const auto* type = field.type_as_Date()) {
    return type->unit() == ipc::DateUnit::DAY ? "date32[day]" : "date64[ms]";
  }
  if (const auto* type = field.type_as_Time()) {
    return base::StrCat("time", type->bit_width(), "[", UnitName(type->unit()), "]");
  }
  if (const auto* type = field.type_as_Timestamp()) return TimestampName(*type);
  if (const auto* type = field.type_as_Interval()) return IntervalName(type->unit());
  static constexpr std::array<std::string_view, 22> kNames = {"none",
                                                              "null",
                                                              "int",
                                                              "float",
                                                              "binary",
                                                              "string",
                                                              "bool",
                                                              "decimal",
                                                              "date",
                                                              "time",
                                                              "timestamp",
                                                              "interval",
                                                              "list",
                                                              "struct",
                                                              "union",
                                                              "fixed_size_binary",
                                                              "fixed_size_list",
                                                              "map",
                                                              "duration",
                                                              "large_binary",
                                                              "large_string",
                                                              "large_list"};
  const auto index = static_cast<size_t>(field.type_type());
  return index < kNames.size() ? std::string(kNames[index]) : base::StrCat("type ", index);
}

}  // namespace bqcdc::emulator::convert
