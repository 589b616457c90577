#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/emulator/type_parameters.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/picoseconds.h"
#include "bqcdc/values/range_text.h"

namespace bqcdc::emulator::sql {
namespace {

using values::BigNumeric;
using values::Interval;
using values::Numeric;

template <typename T>
absl::StatusOr<T> Wrap(absl::StatusOr<int64_t> value) {
  if (!value.ok()) return value.status();
  return T{*value};
}

// An end of the text of a RANGE; NULL where it is open.
template <std::optional<std::string_view> values::RangeText::*End>
absl::StatusOr<std::optional<std::string>> RangeTextEnd(std::string_view text) {
  const std::optional<values::RangeText> ends = values::SplitRange(text);
  if (!ends) return base::InvalidArgument("Invalid RANGE value: ", text);
  const std::optional<std::string_view>& end = *ends.*End;
  return end ? std::optional<std::string>(*end) : std::nullopt;
}

// STRING(n) and BYTES(n) of a CAST.
absl::Status CheckLength(schema::ColumnType type, int64_t length, int64_t max_length) {
  if (length <= max_length) return absl::OkStatus();
  schema::Column column;
  column.type = type;
  column.max_length = max_length;
  return base::InvalidArgument(TooLongText(column, length));
}

}  // namespace

void AddCastFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_float64_to_int64", +[](double a) { return Float64ToInt64(a); });
  AddFunction(
      f, "bq_float64_to_numeric", +[](double a) { return Float64ToNumeric(a); });
  AddFunction(
      f, "bq_float64_to_bignumeric", +[](double a) { return Float64ToBigNumeric(a); });
  AddFunction(
      f, "bq_float64_to_string", +[](double a) -> std::string { return Float64ToText(a); });
  AddFunction(
      f, "bq_string_to_bool", +[](std::string_view a) { return TextToBool(a); });
  AddFunction(
      f, "bq_string_to_int64", +[](std::string_view a) { return TextToInt64(a); });
  AddFunction(
      f, "bq_string_to_float64", +[](std::string_view a) { return TextToFloat64(a); });
  AddFunction(
      f, "bq_string_to_numeric", +[](std::string_view a) { return TextToNumeric(a); });
  AddFunction(
      f, "bq_string_to_bignumeric", +[](std::string_view a) { return TextToBigNumeric(a); });
  AddFunction(
      f, "bq_parse_numeric", +[](std::string_view a) { return TextToNumeric(a); });
  AddFunction(
      f, "bq_parse_bignumeric", +[](std::string_view a) { return TextToBigNumeric(a); });
  AddFunction(
      f, "bq_string_to_bytes", +[](std::string_view a) -> BytesValue { return {std::string(a)}; });
  AddFunction(
      f, "bq_string_to_interval", +[](std::string_view a) { return TextToInterval(a); });
  AddFunction(
      f, "bq_interval_to_string", +[](Interval a) -> std::string { return values::FormatInterval(a); });
  AddFunction(
      f, "bq_string_to_datetime", +[](std::string_view a) { return Wrap<Datetime>(TextToDatetime(a)); });
  AddFunction(
      f, "bq_string_to_time", +[](std::string_view a) { return Wrap<Time>(TextToTime(a)); });
  AddFunction(
      f, "bq_parse_timestamp_in_zone",
      +[](std::string_view a, std::string_view zone) { return Wrap<Timestamp>(TextToTimestamp(a, zone)); });
  AddFunction(
      f, "bq_string_to_date", +[](std::string_view a) -> absl::StatusOr<Date> {
        auto days = TextToDate(a);
        if (!days.ok()) return days.status();
        return Date{static_cast<int32_t>(*days)};
      });
  AddFunction(
      f, "bq_bytes_to_string", +[](Bytes a) -> absl::StatusOr<std::string> {
        if (!IsUtf8(a.value))
          return base::InvalidArgument("Invalid UTF-8 in conversion from BYTES to STRING");
        return std::string(a.value);
      });
  AddFunction(
      f, "bq_string_to_picos", +[](std::string_view a) { return TextToPicos(a); });
  AddFunction(
      f, "bq_picos_to_string", +[](std::string_view a) -> std::optional<std::string> {
        __int128 picos = 0;
        if (!values::PicosFromText(a, &picos)) return std::nullopt;
        return values::FormatTimestampPicos(picos);
      });
  AddFunction(f, "bq_range_text_start", &RangeTextEnd<&values::RangeText::start>);
  AddFunction(f, "bq_range_text_end", &RangeTextEnd<&values::RangeText::end>);
  AddFunction(
      f, "bq_limit_string", +[](std::string_view a, int64_t max_length) -> absl::StatusOr<std::string> {
        BQCDC_RETURN_IF_ERROR(CheckLength(schema::ColumnType::kString, CountCodePoints(a), max_length));
        return std::string(a);
      });
  AddFunction(
      f, "bq_limit_bytes", +[](Bytes a, int64_t max_length) -> absl::StatusOr<BytesValue> {
        const auto length = static_cast<int64_t>(a.value.size());
        BQCDC_RETURN_IF_ERROR(CheckLength(schema::ColumnType::kBytes, length, max_length));
        return BytesValue{std::string(a.value)};
      });
  AddFunction(
      f, "bq_date_to_string", +[](Date a) -> std::string { return values::FormatDate(a.days); });
  AddFunction(
      f, "bq_datetime_to_string",
      +[](Datetime a) -> std::string { return values::FormatDatetime(a.micros); });
  AddFunction(
      f, "bq_time_to_string", +[](Time a) -> std::string { return values::FormatTime(a.micros); });
}

}  // namespace bqcdc::emulator::sql
