#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/types/type.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"

namespace bqcdc::emulator::sql {

// A constant: a literal, a query parameter, a cell of INFORMATION_SCHEMA.
//   BOOL bool · INT64 int64 · DATE days, TIME, DATETIME, TIMESTAMP microseconds as int64 · FLOAT64 double ·
//   NUMERIC Numeric · BIGNUMERIC its 32-byte storage form, STRING, BYTES, JSON, GEOGRAPHY (as WKT),
//   TIMESTAMP(12) (picoseconds as decimal text) std::string · INTERVAL Interval · ARRAY, STRUCT their parts
//   in `children` · RANGE its start and end there, NULL = unbounded.
struct Value {
  Type type;
  bool is_null = true;
  std::variant<bool, int64_t, double, values::Numeric, std::string, values::Interval> scalar;
  std::vector<Value> children;

  static Value Null(Type type);
  static Value Bool(bool value);
  static Value Int64(int64_t value);
  static Value Float64(double value);
  static Value String(std::string value);
  // REQUIRES: the alternative of `scalar` fits `type`.
  static Value Of(Type type,
                  std::variant<bool, int64_t, double, values::Numeric, std::string, values::Interval> scalar);
};

// Whether a RANGE that is not NULL begins before it ends.
inline constexpr std::string_view kRangeOrderText =
    "Range start element must be smaller than range end element";
absl::Status CheckRange(const Value& range);

// Converts as CAST does. InvalidArgument with the service's words where the value does not fit.
absl::StatusOr<Value> CastValue(const Value& value, const Type& to);

}  // namespace bqcdc::emulator::sql
