#include "bqcdc/emulator/convert/testing/reflected_cell.h"

#include <cstdint>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/json_document.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace bqcdc::emulator::convert::testing {
namespace {

namespace pb = google::protobuf;
using schema::Column;
using schema::ColumnType;
using values::ValueError;
using Text = std::optional<std::string>;

// A value of one field; texts and bytes are strings, an enum is the name of its number.
using Value = std::variant<bool, int64_t, uint64_t, double, std::string, const pb::Message*>;

// The value at `index` of a repeated field, the only one of another.
Value ValueOf(const pb::Message& message, const pb::FieldDescriptor& field, int index) {
  const pb::Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return repeated ? reflection.GetRepeatedBool(message, &field, index)
                      : reflection.GetBool(message, &field);
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return int64_t{repeated ? reflection.GetRepeatedInt32(message, &field, index)
                              : reflection.GetInt32(message, &field)};
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return repeated ? reflection.GetRepeatedInt64(message, &field, index)
                      : reflection.GetInt64(message, &field);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return uint64_t{repeated ? reflection.GetRepeatedUInt32(message, &field, index)
                               : reflection.GetUInt32(message, &field)};
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                      : reflection.GetUInt64(message, &field);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return double{repeated ? reflection.GetRepeatedFloat(message, &field, index)
                             : reflection.GetFloat(message, &field)};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return repeated ? reflection.GetRepeatedDouble(message, &field, index)
                      : reflection.GetDouble(message, &field);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return std::string((repeated ? reflection.GetRepeatedEnum(message, &field, index)
                                   : reflection.GetEnum(message, &field))
                             ->name());
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return repeated ? reflection.GetRepeatedString(message, &field, index)
                      : reflection.GetString(message, &field);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return repeated ? &reflection.GetRepeatedMessage(message, &field, index)
                  : &reflection.GetMessage(message, &field);
}

// Integers of every width; unset for other values.
std::optional<__int128> IntegerOf(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1 : 0;
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<uint64_t>(&value)) return *number;
  return std::nullopt;
}

struct SecondsAndNanos {
  int64_t seconds = 0;
  int64_t nanos = 0;
};

SecondsAndNanos SecondsAndNanosOf(const pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  return {std::get<int64_t>(ValueOf(message, *type.FindFieldByName("seconds"), 0)),
          std::get<int64_t>(ValueOf(message, *type.FindFieldByName("nanos"), 0))};
}

template <typename Decimal>
Text DecimalText(const Column& column, const Value& value, bool is_bytes) {
  Decimal decimal;
  ValueError error = ValueError::kNone;
  if (const auto* text = std::get_if<std::string>(&value)) {
    error = is_bytes ? Decimal::FromWireBytes(*text, &decimal) : Decimal::Parse(*text, &decimal);
  } else if (const auto* real = std::get_if<double>(&value)) {
    error = Decimal::FromDouble(*real, &decimal);
  } else if (const auto* number = std::get_if<uint64_t>(&value)) {
    decimal = Decimal::FromUint64(*number);
  } else {
    decimal = Decimal::FromInt64(static_cast<int64_t>(*IntegerOf(value)));
  }
  if (error == ValueError::kNone && column.precision) {
    error = decimal.Constrain(static_cast<int>(*column.precision), static_cast<int>(column.scale.value_or(0)),
                              &decimal);
  }
  return error == ValueError::kNone ? Text(decimal.ToString()) : std::nullopt;
}

Text QuotedText(const Column& column, const std::string& text) {
  if (!IsUtf8(text) || (column.max_length && CountCodePoints(text) > *column.max_length)) return std::nullopt;
  return absl::StrCat("\"", text, "\"");
}

Text JsonText(const std::string& text) {
  std::string storage;
  std::string_view canonical;
  if (!IsUtf8(text) ||
      values::CanonicalJson(text, values::WideNumbers::kRound, &storage, &canonical) != ValueError::kNone) {
    return std::nullopt;
  }
  return absl::StrCat("\"", std::string(canonical), "\"");
}

Text GeographyText(const std::string& text) {
  values::Geography geography;
  if (!IsUtf8(text) || values::ParseGeography(text, &geography) != ValueError::kNone) return std::nullopt;
  return absl::StrCat("\"", values::FormatWkt(geography), "\"");
}

Text DateText(const Value& value) {
  int32_t days = 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (values::ParseDate(*text, &days) != ValueError::kNone) return std::nullopt;
  } else {
    const __int128 number = *IntegerOf(value);
    if (number < values::kDateMin || number > values::kDateMax) return std::nullopt;
    days = static_cast<int32_t>(number);
  }
  return values::FormatDate(days);
}

Text TimeText(const Value& value) {
  int64_t micros = 0;
  const auto* text = std::get_if<std::string>(&value);
  const ValueError error = text != nullptr ? values::ParseTime(*text, &micros)
                                           : values::UnpackTime(std::get<int64_t>(value), &micros);
  return error == ValueError::kNone ? Text(values::FormatTime(micros)) : std::nullopt;
}

Text DatetimeText(const Value& value) {
  int64_t micros = 0;
  const auto* text = std::get_if<std::string>(&value);
  const ValueError error = text != nullptr ? values::ParseDatetime(*text, &micros)
                                           : values::UnpackDatetime(std::get<int64_t>(value), &micros);
  return error == ValueError::kNone ? Text(values::FormatDatetime(micros)) : std::nullopt;
}

Text TimestampText(const Column& column, const Value& value) {
  constexpr __int128 kPicosPerNano = values::kPicosPerMicro / 1000;
  __int128 picos = 0;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (values::ParseTimestampPicos(*text, &picos) != ValueError::kNone) return std::nullopt;
  } else if (const auto* message = std::get_if<const pb::Message*>(&value)) {
    const SecondsAndNanos time = SecondsAndNanosOf(**message);
    if (time.nanos < 0 || time.nanos > 999'999'999) return std::nullopt;
    picos = (static_cast<__int128>(time.seconds) * 1'000'000'000 + time.nanos) * kPicosPerNano;
  } else {
    picos = *IntegerOf(value) * values::kPicosPerMicro;
  }
  constexpr __int128 kPicosMin = static_cast<__int128>(values::kTimestampMin) * values::kPicosPerMicro;
  constexpr __int128 kPicosEnd = (static_cast<__int128>(values::kTimestampMax) + 1) * values::kPicosPerMicro;
  if (picos < kPicosMin || picos >= kPicosEnd) return std::nullopt;
  return column.picoseconds() ? values::FormatTimestampPicos(picos)
                              : values::FormatTimestamp(values::MicrosOfPicos(picos));
}

Text IntervalText(const Value& value) {
  values::Interval interval;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (values::ParseInterval(*text, &interval) != ValueError::kNone) return std::nullopt;
    return values::FormatInterval(interval);
  }
  const SecondsAndNanos length = SecondsAndNanosOf(*std::get<const pb::Message*>(value));
  const __int128 micros =
      static_cast<__int128>(length.seconds) * values::kMicrosPerSecond + length.nanos / 1000;
  if (micros > values::Interval::kMicrosMax || micros < -values::Interval::kMicrosMax) return std::nullopt;
  interval.micros = static_cast<int64_t>(micros);
  return values::FormatInterval(interval);
}

Text StructText(const Column& column, const pb::Message& message) {
  std::string text;
  for (const Column& field : column.fields) {
    const Text cell = ReflectedCell(field, message, *message.GetDescriptor()->FindFieldByName(field.name));
    if (!cell) return std::nullopt;
    absl::StrAppend(&text, text.empty() ? "{" : ", ", field.name, ": ", *cell);
  }
  return text + "}";
}

// Canonical texts of one length sort as their values.
Text RangeText(const Column& column, const pb::Message& message) {
  std::string ends[2];
  for (size_t i = 0; i < 2; ++i) {
    const Column& end = schema::PartsOf(column)[i];
    const Text cell = ReflectedCell(end, message, *message.GetDescriptor()->FindFieldByName(end.name));
    if (!cell) return std::nullopt;
    ends[i] = *cell;
  }
  const auto is_open = [](const std::string& end) { return end == "NULL"; };
  if (!is_open(ends[0]) && !is_open(ends[1])) {
    const auto sortable = [](std::string text) {
      if (text.ends_with("+00")) text.resize(text.size() - 3);
      return text;
    };
    if (sortable(ends[0]) >= sortable(ends[1])) return std::nullopt;
  }
  for (std::string& end : ends) {
    if (is_open(end)) end = "UNBOUNDED";
  }
  return absl::StrCat("[", ends[0], ", ", ends[1], ")");
}

Text ElementText(const Column& column, const pb::FieldDescriptor& field, const Value& value) {
  if (const auto* message = std::get_if<const pb::Message*>(&value)) {
    if (column.type == ColumnType::kStruct) return StructText(column, **message);
    if (column.type == ColumnType::kRange) return RangeText(column, **message);
    // A wrapper, whose value is zero where it is unset.
    if (const pb::FieldDescriptor* inner = (*message)->GetDescriptor()->FindFieldByName("value"))
      return ElementText(column, *inner, ValueOf(**message, *inner, 0));
  }
  switch (column.type) {
    case ColumnType::kBool:
      return *IntegerOf(value) != 0 ? "true" : "false";
    case ColumnType::kInt64:
      if (const auto* name = std::get_if<std::string>(&value))
        return absl::StrCat(field.enum_type()->FindValueByName(*name)->number());
      return absl::StrCat(static_cast<int64_t>(*IntegerOf(value)));
    case ColumnType::kFloat64:
      return FloatCellText(std::get<double>(value));
    case ColumnType::kNumeric:
      return DecimalText<values::Numeric>(column, value, field.type() == pb::FieldDescriptor::TYPE_BYTES);
    case ColumnType::kBigNumeric:
      return DecimalText<values::BigNumeric>(column, value, field.type() == pb::FieldDescriptor::TYPE_BYTES);
    case ColumnType::kString:
      return QuotedText(column, std::get<std::string>(value));
    case ColumnType::kBytes: {
      const auto& bytes = std::get<std::string>(value);
      if (column.max_length && static_cast<int64_t>(bytes.size()) > *column.max_length) return std::nullopt;
      return absl::StrCat("x'", absl::BytesToHexString(bytes), "'");
    }
    case ColumnType::kDate:
      return DateText(value);
    case ColumnType::kDatetime:
      return DatetimeText(value);
    case ColumnType::kTime:
      return TimeText(value);
    case ColumnType::kTimestamp:
      return TimestampText(column, value);
    case ColumnType::kJson:
      return JsonText(std::get<std::string>(value));
    case ColumnType::kInterval:
      return IntervalText(value);
    case ColumnType::kGeography:
      return GeographyText(std::get<std::string>(value));
    case ColumnType::kStruct:
    case ColumnType::kRange:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ReflectedCell(const Column& column, const pb::Message& message,
                                         const pb::FieldDescriptor& field) {
  const pb::Reflection& reflection = *message.GetReflection();
  if (!column.repeated()) {
    if (reflection.HasField(message, &field)) return ElementText(column, field, ValueOf(message, field, 0));
    return column.required() || field.is_required() ? std::nullopt : Text("NULL");
  }
  std::string text = "[";
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Text element = ElementText(column, field, ValueOf(message, field, i));
    if (!element) return std::nullopt;
    absl::StrAppend(&text, i == 0 ? "" : ", ", *element);
  }
  return text + "]";
}

}  // namespace bqcdc::emulator::convert::testing
