#include "bqcdc/emulator/convert/cell_converter.h"

#include <algorithm>
#include <bit>

#include "bqcdc/emulator/convert/scaled_text.h"
#include "bqcdc/emulator/convert/time_parts.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/json_document.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"
#include "bqcdc/values/value_error.h"

namespace bqcdc::emulator::convert {
namespace {

using engine::VectorWriter;
using schema::Column;
using schema::ColumnType;
using values::ValueError;

CellFault FaultOf(ValueError error) {
  switch (error) {
    case ValueError::kNone:
      return CellFault::kNone;
    case ValueError::kMalformed:
      return CellFault::kMalformed;
    case ValueError::kOutOfRange:
      return CellFault::kOutOfRange;
    case ValueError::kTooPrecise:
      return CellFault::kTooPrecise;
  }
  return CellFault::kMalformed;
}

CellFault WriteText(const Column& column, std::string_view text, VectorWriter& writer, size_t row) {
  if (!IsUtf8(text)) return CellFault::kNotUtf8;
  if (column.max_length && CountCodePoints(text) > *column.max_length) return CellFault::kTooLong;
  writer.SetBytes(row, text);
  return CellFault::kNone;
}

// JSON and GEOGRAPHY are kept in the form in which queries show them.
CellFault WriteJson(std::string_view text, VectorWriter& writer, size_t row) {
  if (!IsUtf8(text)) return CellFault::kNotUtf8;
  std::string storage;
  std::string_view canonical;
  const ValueError error = values::CanonicalJson(text, values::WideNumbers::kRound, &storage, &canonical);
  if (error == ValueError::kMalformed) return CellFault::kNotJson;
  if (error != ValueError::kNone) return FaultOf(error);
  writer.SetBytes(row, canonical);
  return CellFault::kNone;
}

CellFault WriteGeography(std::string_view text, VectorWriter& writer, size_t row) {
  if (!IsUtf8(text)) return CellFault::kNotUtf8;
  values::Geography geography;
  const ValueError error = values::ParseGeography(text, &geography);
  if (error != ValueError::kNone) return FaultOf(error);
  writer.SetBytes(row, values::FormatWkt(geography));
  return CellFault::kNone;
}

CellFault WriteDate(const FieldPlan& field, const RawValue& value, VectorWriter& writer, size_t row) {
  int32_t days = 0;
  if (field.source == SourceType::kString) {
    if (const ValueError error = values::ParseDate(value.bytes, &days); error != ValueError::kNone) {
      return FaultOf(error);
    }
  } else {
    if (!values::IsDate(value.Signed())) return CellFault::kOutOfRange;
    days = static_cast<int32_t>(value.Signed());
  }
  writer.SetInt32(row, days);
  return CellFault::kNone;
}

CellFault WriteCivil(const FieldPlan& field, const Column& column, const RawValue& value,
                     VectorWriter& writer, size_t row) {
  const bool is_time = column.type == ColumnType::kTime;
  int64_t micros = 0;
  ValueError error;
  if (field.source == SourceType::kString) {
    error = is_time ? values::ParseTime(value.bytes, &micros) : values::ParseDatetime(value.bytes, &micros);
  } else if (field.source == SourceType::kMicros) {
    micros = value.Signed();
    const bool inside = is_time ? values::IsTime(micros) : values::IsDatetime(micros);
    error = inside ? ValueError::kNone : ValueError::kOutOfRange;
  } else {
    error = is_time ? values::UnpackTime(value.Signed(), &micros)
                    : values::UnpackDatetime(value.Signed(), &micros);
  }
  if (error != ValueError::kNone) return FaultOf(error);
  writer.SetInt64(row, micros);
  return CellFault::kNone;
}

// Picoseconds of the instant, whatever the column keeps of them.
CellFault ReadInstant(const FieldPlan& field, const RawValue& value, __int128* picos) {
  constexpr int64_t kPicosPerNano = values::kPicosPerMicro / 1000;
  if (field.source == SourceType::kString) {
    return FaultOf(values::ParseTimestampPicos(value.bytes, picos));
  }
  int64_t micros = value.Signed();
  int64_t below = 0;
  if (field.source == SourceType::kTimestamp) {
    SecondsAndNanos time;
    if (!ReadSecondsAndNanos(value.bytes, &time)) return CellFault::kMalformedMessage;
    constexpr int64_t kSecondsMin = values::kTimestampMin / values::kMicrosPerSecond;
    constexpr int64_t kSecondsMax = values::kTimestampMax / values::kMicrosPerSecond;
    if (time.seconds < kSecondsMin || time.seconds > kSecondsMax || time.nanos < 0 ||
        time.nanos >= 1'000'000'000) {
      return CellFault::kOutOfRange;
    }
    micros = time.seconds * values::kMicrosPerSecond + time.nanos / 1000;
    below = time.nanos % 1000 * kPicosPerNano;
  }
  if (!values::IsTimestamp(micros)) return CellFault::kOutOfRange;
  *picos = static_cast<__int128>(micros) * values::kPicosPerMicro + below;
  return CellFault::kNone;
}

CellFault WriteTimestamp(const FieldPlan& field, const Column& column, const RawValue& value,
                         VectorWriter& writer, size_t row) {
  if (!column.picoseconds() && field.source == SourceType::kInt64) {  // what nearly every client sends
    if (!values::IsTimestamp(value.Signed())) return CellFault::kOutOfRange;
    writer.SetInt64(row, value.Signed());
    return CellFault::kNone;
  }
  __int128 picos = 0;
  if (const CellFault fault = ReadInstant(field, value, &picos); fault != CellFault::kNone) return fault;
  if (column.picoseconds()) {
    writer.SetInt128(row, picos);
  } else {
    writer.SetInt64(row, values::MicrosOfPicos(picos));  // nanoseconds are cut
  }
  return CellFault::kNone;
}

// Both decimals are read the same way; `Decimal` is values::Numeric or values::BigNumeric.
template <typename Decimal>
ValueError ReadDecimal(const FieldPlan& field, const RawValue& value, Decimal* result) {
  switch (field.source) {
    case SourceType::kUint32:
    case SourceType::kUint64:
      *result = Decimal::FromUint64(value.scalar);
      return ValueError::kNone;
    case SourceType::kFloat:
    case SourceType::kDouble:
      return Decimal::FromDouble(std::bit_cast<double>(value.scalar), result);
    case SourceType::kString:
      return Decimal::Parse(value.bytes, result);
    case SourceType::kBytes:
      return Decimal::FromWireBytes(value.bytes, result);
    case SourceType::kDecimal:
      return field.scale == Decimal::kScale ? Decimal::FromWireBytes(value.bytes, result)
                                            : Decimal::Parse(ScaledText(value.bytes, field.scale), result);
    default:
      *result = Decimal::FromInt64(value.Signed());
      return ValueError::kNone;
  }
}

CellFault WriteNumeric(const FieldPlan& field, const Column& column, const RawValue& value,
                       VectorWriter& writer, size_t row) {
  values::Numeric numeric;
  const ValueError error = ReadDecimal(field, value, &numeric);
  if (error != ValueError::kNone) return FaultOf(error);
  if (column.precision &&
      numeric.Constrain(static_cast<int>(*column.precision), static_cast<int>(column.scale.value_or(0)),
                        &numeric) != ValueError::kNone) {
    return CellFault::kPrecision;
  }
  writer.SetInt128(row, numeric.unscaled());
  return CellFault::kNone;
}

CellFault WriteBigNumeric(const FieldPlan& field, const Column& column, const RawValue& value,
                          VectorWriter& writer, size_t row) {
  values::BigNumeric numeric;
  const ValueError error = ReadDecimal(field, value, &numeric);
  if (error != ValueError::kNone) return FaultOf(error);
  if (column.precision &&
      numeric.Constrain(static_cast<int>(*column.precision), static_cast<int>(column.scale.value_or(0)),
                        &numeric) != ValueError::kNone) {
    return CellFault::kPrecision;
  }
  char blob[values::BigNumeric::kBlobBytes];
  numeric.ToBlob(blob);
  writer.SetBytes(row, std::string_view(blob, sizeof(blob)));
  return CellFault::kNone;
}

bool IsWithin(int64_t value, int64_t limit) { return value <= limit && value >= -limit; }

CellFault WriteInterval(const FieldPlan& field, const RawValue& value, VectorWriter& writer, size_t row) {
  values::Interval interval;
  if (field.source == SourceType::kCalendarUnits) {
    const CalendarUnits units = ReadCalendarUnits(value.bytes);
    interval = {units.months, units.days, units.nanos / 1000};  // nanoseconds are cut
    if (!IsWithin(interval.months, values::Interval::kMonthsMax) ||
        !IsWithin(interval.days, values::Interval::kDaysMax)) {
      return CellFault::kOutOfRange;
    }
  } else if (field.source == SourceType::kDuration) {
    SecondsAndNanos length;
    if (!ReadSecondsAndNanos(value.bytes, &length)) return CellFault::kMalformedMessage;
    constexpr int64_t kSecondsMax = values::Interval::kMicrosMax / values::kMicrosPerSecond;
    if (length.seconds > kSecondsMax || length.seconds < -kSecondsMax) return CellFault::kOutOfRange;
    interval.micros = length.seconds * values::kMicrosPerSecond + length.nanos / 1000;
  } else if (const ValueError error = values::ParseInterval(value.bytes, &interval);
             error != ValueError::kNone) {
    return FaultOf(error);
  }
  if (!IsWithin(interval.micros, values::Interval::kMicrosMax)) return CellFault::kOutOfRange;
  writer.SetInterval(row, {interval.months, interval.days, interval.micros});
  return CellFault::kNone;
}

}  // namespace

uint64_t NormaliseVarint(SourceType source, uint64_t wire_value) {
  switch (source) {
    case SourceType::kBool:
      return wire_value != 0;
    case SourceType::kInt32:
    case SourceType::kEnum:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(wire_value)));
    case SourceType::kUint32:
      return static_cast<uint32_t>(wire_value);
    default:
      return wire_value;
  }
}

uint64_t NormaliseFixed32(SourceType source, uint32_t wire_value) {
  switch (source) {
    case SourceType::kFloat:
      return std::bit_cast<uint64_t>(static_cast<double>(std::bit_cast<float>(wire_value)));
    case SourceType::kInt32:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(wire_value)));
    default:
      return wire_value;
  }
}

std::string_view EnumName(const FieldPlan& field, int64_t number) {
  const auto found = std::lower_bound(field.enum_names.begin(), field.enum_names.end(), number,
                                      [](const auto& value, int64_t n) { return value.first < n; });
  return found->second;
}

CellFault WriteCell(const FieldPlan& field, const Column& column, const RawValue& value, VectorWriter& writer,
                    size_t row) {
  switch (column.type) {
    case ColumnType::kInt64:
      if (field.source == SourceType::kUint64 && value.Signed() < 0) return CellFault::kOutOfRange;
      writer.SetInt64(row, value.Signed());
      return CellFault::kNone;
    case ColumnType::kBool:
      writer.SetBool(row, value.scalar != 0);
      return CellFault::kNone;
    case ColumnType::kFloat64:
      writer.SetDouble(row, std::bit_cast<double>(value.scalar));
      return CellFault::kNone;
    case ColumnType::kString:
      if (field.source == SourceType::kEnum) {
        return WriteText(column, EnumName(field, value.Signed()), writer, row);
      }
      return WriteText(column, value.bytes, writer, row);
    case ColumnType::kGeography:
      return WriteGeography(value.bytes, writer, row);
    case ColumnType::kJson:
      return WriteJson(value.bytes, writer, row);
    case ColumnType::kBytes:
      if (column.max_length && static_cast<int64_t>(value.bytes.size()) > *column.max_length) {
        return CellFault::kTooLong;
      }
      writer.SetBytes(row, value.bytes);
      return CellFault::kNone;
    case ColumnType::kDate:
      return WriteDate(field, value, writer, row);
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      return WriteCivil(field, column, value, writer, row);
    case ColumnType::kTimestamp:
      return WriteTimestamp(field, column, value, writer, row);
    case ColumnType::kNumeric:
      return WriteNumeric(field, column, value, writer, row);
    case ColumnType::kBigNumeric:
      return WriteBigNumeric(field, column, value, writer, row);
    case ColumnType::kInterval:
      return WriteInterval(field, value, writer, row);
    case ColumnType::kRange:
    case ColumnType::kStruct:
      break;  // written part by part
  }
  return CellFault::kMalformed;
}

}  // namespace bqcdc::emulator::convert
