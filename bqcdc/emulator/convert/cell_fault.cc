#include <bit>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/scaled_text.h"
#include "bqcdc/emulator/convert/time_parts.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/type_parameters.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

// Texts of row errors. They may hold values, as the service's do; they go to the client and into no log.
namespace bqcdc::emulator::convert {
namespace {

using schema::Column;
using schema::ColumnType;

bool IsDecimal(const Column& column) {
  return column.type == ColumnType::kNumeric || column.type == ColumnType::kBigNumeric;
}

std::string DecimalText(std::string_view bytes, int scale) {
  const std::string text = ScaledText(bytes, scale);
  return text.empty() ? absl::StrCat(bytes.size(), " bytes") : text;
}

std::string ValueText(const FieldPlan& field, const Column& column, const RawValue& value) {
  switch (field.source) {
    case SourceType::kString:
      return Quotable(value.bytes);
    case SourceType::kFloat:
    case SourceType::kDouble:
      return absl::StrCat(std::bit_cast<double>(value.scalar));
    case SourceType::kUint32:
    case SourceType::kUint64:
      return absl::StrCat(value.scalar);
    case SourceType::kBytes:
      if (!IsDecimal(column)) return absl::StrCat(value.bytes.size(), " bytes");
      return DecimalText(value.bytes, column.type == ColumnType::kNumeric ? values::Numeric::kScale
                                                                          : values::BigNumeric::kScale);
    case SourceType::kDecimal:
      return DecimalText(value.bytes, field.scale);
    case SourceType::kTimestamp:
    case SourceType::kDuration: {
      SecondsAndNanos parts;
      if (!ReadSecondsAndNanos(value.bytes, &parts)) return absl::StrCat(value.bytes.size(), " bytes");
      return absl::StrCat("seconds: ", parts.seconds, " nanos: ", parts.nanos);
    }
    case SourceType::kCalendarUnits: {
      const CalendarUnits units = ReadCalendarUnits(value.bytes);
      return absl::StrCat("months: ", units.months, " days: ", units.days, " nanoseconds: ", units.nanos);
    }
    case SourceType::kRecord:
      return absl::StrCat(value.bytes.size(), " bytes");
    default:
      return absl::StrCat(value.Signed());
  }
}

// "Timestamp", "Date": how the service starts a sentence about a value of the type.
std::string_view TypeWord(ColumnType type) {
  switch (type) {
    case ColumnType::kDate:
      return "Date";
    case ColumnType::kDatetime:
      return "Datetime";
    case ColumnType::kTime:
      return "Time";
    case ColumnType::kTimestamp:
      return "Timestamp";
    case ColumnType::kNumeric:
      return "Numeric";
    case ColumnType::kBigNumeric:
      return "BigNumeric";
    case ColumnType::kInterval:
      return "Interval";
    case ColumnType::kGeography:
      return "Geography";
    default:
      return schema::SqlName(type);
  }
}

std::string DescribeMalformed(const FieldPlan& field, const Column& column, const RawValue& value,
                              const std::string& path) {
  if (IsDecimal(column) && field.source == SourceType::kBytes) {
    return base::StrCat("Invalid ", column.type == ColumnType::kNumeric ? "numeric" : "bignumeric",
                        " encoding on field ", path, ".");
  }
  if (field.source == SourceType::kString) {
    return base::StrCat("Invalid ", schema::SqlName(column.type), " value: '", Quotable(value.bytes),
                        "' on field ", path, ".");
  }
  return base::StrCat(TypeWord(column.type),
                      " field value is not a valid packed value: ", ValueText(field, column, value),
                      " on field ", path, ".");
}

}  // namespace

std::string DescribeFault(CellFault fault, const FieldPlan* field, const Column& column,
                          const RawValue& value, const std::string& path) {
  switch (fault) {
    case CellFault::kNone:
      return "";
    case CellFault::kMalformedMessage:
      return base::StrCat("The bytes of field ", path, " are not a valid protobuf message.");
    case CellFault::kNotUtf8:
      return base::StrCat(schema::SqlName(column.type), " field value is not valid UTF-8 on field ", path,
                          ".");
    case CellFault::kTooLong: {
      const std::string_view text =
          field->source == SourceType::kEnum ? EnumName(*field, value.Signed()) : value.bytes;
      const int64_t length =
          column.type == ColumnType::kBytes ? static_cast<int64_t>(text.size()) : CountCodePoints(text);
      return base::StrCat("Field ", path, ": ", TooLongText(column, length), " on field ", path, ".");
    }
    case CellFault::kOutOfRange:
      return base::StrCat(TypeWord(column.type),
                          " field value is out of range: ", ValueText(*field, column, value), " on field ",
                          path, ".");
    case CellFault::kMalformed:
      return DescribeMalformed(*field, column, value, path);
    case CellFault::kTooPrecise:
      return base::StrCat(TypeWord(column.type), " field value has more than ",
                          column.picoseconds() ? "12" : "6",
                          " fractional digits: ", ValueText(*field, column, value), " on field ", path, ".");
    case CellFault::kNotJson:
      return base::StrCat("Field value is not valid JSON on field ", path, ".");
    case CellFault::kPrecision:
      return base::StrCat("Field ", path, ": ", OutsidePrecisionText(column), " on field ", path, ".");
    case CellFault::kRangeOrder:
      return base::StrCat("Range start element must be smaller than range end element on field ", path, ".");
    case CellFault::kNullList:
      return base::StrCat("Repeated field ", path, " is NULL; an empty list must stand for it.");
    case CellFault::kNullElement:
      return base::StrCat("Array cannot have a null element on field ", path, ".");
    case CellFault::kRequired:
    case CellFault::kLabelRequired:
      return base::StrCat("Required field ", path, " is missing.");
  }
  return "";
}

}  // namespace bqcdc::emulator::convert
