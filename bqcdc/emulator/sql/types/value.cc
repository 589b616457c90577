#include "bqcdc/emulator/sql/types/value.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/picoseconds.h"
#include "bqcdc/values/range_text.h"

namespace bqcdc::emulator::sql {

Value Value::Null(Type type) {
  Value value;
  value.type = std::move(type);
  return value;
}

Value Value::Of(Type type,
                std::variant<bool, int64_t, double, values::Numeric, std::string, values::Interval> scalar) {
  Value value;
  value.type = std::move(type);
  value.is_null = false;
  value.scalar = std::move(scalar);
  return value;
}

Value Value::Bool(bool value) { return Of(TypeKind::kBool, value); }
Value Value::Int64(int64_t value) { return Of(TypeKind::kInt64, value); }
Value Value::Float64(double value) { return Of(TypeKind::kFloat64, value); }
Value Value::String(std::string value) { return Of(TypeKind::kString, std::move(value)); }

namespace {

using K = TypeKind;

absl::StatusOr<Value> RangeFromText(const std::string& text, const Type& to) {
  const std::optional<values::RangeText> ends = values::SplitRange(text);
  if (!ends) return base::InvalidArgument("Invalid RANGE value: ", text);
  Value range = Value::Null(to);
  range.is_null = false;
  for (const auto& end : {ends->start, ends->end}) {
    Value bound = Value::Null(to.element());
    if (end) {
      BQCDC_ASSIGN_OR_RETURN(bound, CastValue(Value::String(std::string(*end)), to.element()));
    }
    range.children.push_back(std::move(bound));
  }
  BQCDC_RETURN_IF_ERROR(CheckRange(range));
  return range;
}

absl::StatusOr<Value> FromText(const std::string& text, const Type& to) {
  switch (to.kind()) {
    case K::kBool: {
      BQCDC_ASSIGN_OR_RETURN(const bool value, TextToBool(text));
      return Value::Bool(value);
    }
    case K::kInt64: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t value, TextToInt64(text));
      return Value::Int64(value);
    }
    case K::kFloat64: {
      BQCDC_ASSIGN_OR_RETURN(const double value, TextToFloat64(text));
      return Value::Float64(value);
    }
    case K::kNumeric: {
      BQCDC_ASSIGN_OR_RETURN(const values::Numeric value, TextToNumeric(text));
      return Value::Of(to, value);
    }
    case K::kBigNumeric: {
      BQCDC_ASSIGN_OR_RETURN(const values::BigNumeric value, TextToBigNumeric(text));
      return Value::Of(to, value.ToBlob());
    }
    case K::kDate: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t value, TextToDate(text));
      return Value::Of(to, value);
    }
    case K::kDatetime: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t value, TextToDatetime(text));
      return Value::Of(to, value);
    }
    case K::kTime: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t value, TextToTime(text));
      return Value::Of(to, value);
    }
    case K::kTimestamp: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t value, TextToTimestamp(text, "UTC"));
      return Value::Of(to, value);
    }
    case K::kInterval: {
      BQCDC_ASSIGN_OR_RETURN(const values::Interval value, TextToInterval(text));
      return Value::Of(to, value);
    }
    case K::kJson:
      if (!values::IsJson(text)) return base::InvalidArgument("Invalid JSON literal");
      return Value::Of(to, text);
    case K::kPicoTimestamp: {
      BQCDC_ASSIGN_OR_RETURN(std::string picos, TextToPicos(text));
      return Value::Of(to, std::move(picos));
    }
    case K::kRange:
      return RangeFromText(text, to);
    case K::kGeography: {
      values::Geography geography;
      if (values::ParseGeography(text, &geography) != values::ValueError::kNone) {
        return base::InvalidArgument("Invalid geography");
      }
      return Value::Of(to, values::FormatWkt(geography));
    }
    case K::kString:
    case K::kBytes:
      return Value::Of(to, text);
    default:
      return absl::UnimplementedError("no constants of type " + to.ToString());
  }
}

}  // namespace

absl::Status CheckRange(const Value& range) {
  const Value& start = range.children[0];
  const Value& end = range.children[1];
  if (start.is_null || end.is_null || std::get<int64_t>(start.scalar) < std::get<int64_t>(end.scalar)) {
    return absl::OkStatus();
  }
  return base::InvalidArgument(kRangeOrderText);
}

absl::StatusOr<Value> CastValue(const Value& value, const Type& to) {
  if (value.type == to) return value;
  if (value.is_null) return Value::Null(to);
  if (value.type.is_array() || value.type.is_struct()) {
    if (value.type.kind() != to.kind() || (to.is_struct() && to.fields().size() != value.children.size())) {
      return base::InvalidArgument("Invalid cast from ", value.type.ToString(), " to ", to.ToString());
    }
    Value result = Value::Null(to);
    result.is_null = false;
    for (size_t i = 0; i < value.children.size(); ++i) {
      const Type& type = to.is_array() ? to.element() : to.fields()[i].type;
      BQCDC_ASSIGN_OR_RETURN(Value child, CastValue(value.children[i], type));
      result.children.push_back(std::move(child));
    }
    return result;
  }
  switch (value.type.kind()) {
    case K::kString:
      return FromText(std::get<std::string>(value.scalar), to);
    case K::kInt64: {
      const int64_t number = std::get<int64_t>(value.scalar);
      if (to.is(K::kFloat64)) return Value::Float64(static_cast<double>(number));
      if (to.is(K::kNumeric)) return Value::Of(to, values::Numeric::FromInt64(number));
      if (to.is(K::kBigNumeric)) return Value::Of(to, values::BigNumeric::FromInt64(number).ToBlob());
      break;
    }
    case K::kNumeric: {
      const values::Numeric number = std::get<values::Numeric>(value.scalar);
      if (to.is(K::kFloat64)) return Value::Float64(NumericToFloat64(number));
      if (to.is(K::kBigNumeric)) return Value::Of(to, values::BigNumeric::FromNumeric(number).ToBlob());
      break;
    }
    case K::kBigNumeric: {
      values::BigNumeric number;
      (void)values::BigNumeric::FromBlob(std::get<std::string>(value.scalar), &number);
      if (to.is(K::kFloat64)) return Value::Float64(number.ToDouble());
      break;
    }
    case K::kFloat64: {
      const double number = std::get<double>(value.scalar);
      if (to.is(K::kNumeric)) {
        BQCDC_ASSIGN_OR_RETURN(const values::Numeric converted, Float64ToNumeric(number));
        return Value::Of(to, converted);
      }
      if (to.is(K::kBigNumeric)) {
        BQCDC_ASSIGN_OR_RETURN(const values::BigNumeric converted, Float64ToBigNumeric(number));
        return Value::Of(to, converted.ToBlob());
      }
      break;
    }
    case K::kTimestamp:
      if (to.is(K::kPicoTimestamp)) {
        const auto micros = static_cast<__int128>(std::get<int64_t>(value.scalar));
        return Value::Of(to, values::PicosToText(micros * values::kPicosPerMicro));
      }
      break;
    case K::kDate:
      if (to.is(K::kDatetime)) return Value::Of(to, std::get<int64_t>(value.scalar) * values::kMicrosPerDay);
      break;
    default:
      break;
  }
  return base::InvalidArgument("Invalid cast from ", value.type.ToString(), " to ", to.ToString());
}

}  // namespace bqcdc::emulator::sql
