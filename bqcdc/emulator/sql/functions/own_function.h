#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/scalar_function.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/numeric.h"

// Turns a plain C++ function over GoogleSQL's values into functions of the engine. The types of the
// parameters and of the result name the column types; a parameter that is no std::optional makes the result
// NULL where it is NULL. A function that returns a StatusOr is registered twice: as `name`, whose error fails
// the query, and as `name_safe`, which gives NULL instead (for SAFE. and SAFE_CAST).
namespace bqcdc::emulator::sql {

struct Bytes {
  std::string_view value;
};
struct BytesValue {
  std::string value;
};
struct Date {
  int32_t days;
};
struct Datetime {
  int64_t micros;
};
struct Time {
  int64_t micros;
};
struct Timestamp {
  int64_t micros;
};
// As many units of 10^-9 as a sum of NUMERICs has, which may be more than a NUMERIC does.
struct NumericUnits {
  __int128 value;
};
// The elements of an ARRAY.
template <typename T>
struct List {
  std::vector<std::optional<T>> elements;
};
// As last parameter: any number of arguments.
template <typename T>
struct Variadic {
  std::vector<std::optional<T>> values;
};

using OwnFunctions = std::vector<engine::ScalarFunction>;

// Before every message that an evaluation raises on purpose, so that it is told from DuckDB's own texts.
inline constexpr std::string_view kEvaluationErrorMark = "[[bqcdc]]";
absl::Status MarkedError(std::string_view message);

namespace own_function_internal {

using engine::VectorReader;
using engine::VectorWriter;
using schema::ColumnType;

// What one call makes for the rows of a chunk.
class ChunkOutput {
 public:
  // REQUIRES: `name`, which the function has in DuckDB, outlives this.
  ChunkOutput(std::string_view name, size_t rows) : name_(name), rows_(rows) {}

  // A marked error where a value of so many bytes is too large, or all are together.
  absl::Status Add(size_t bytes) {
    bytes_ += bytes;
    return bytes <= kOutputBytesMax && bytes_ <= kChunkOutputBytesMax ? absl::OkStatus() : TooLong(bytes);
  }

 private:
  absl::Status TooLong(size_t bytes) const;

  std::string_view name_;
  size_t rows_;
  size_t bytes_ = 0;
};

template <typename T>
struct Cell;

#define BQCDC_CELL(cpp_type, column_type, read, write)                                 \
  template <>                                                                          \
  struct Cell<cpp_type> {                                                              \
    static constexpr ColumnType kType = column_type;                                   \
    static cpp_type Read(const VectorReader& in, size_t row) { return read; }          \
    static void Write(VectorWriter& out, size_t row, const cpp_type& value) { write; } \
  }
BQCDC_CELL(bool, ColumnType::kBool, in.Bool(row), out.SetBool(row, value));
BQCDC_CELL(int64_t, ColumnType::kInt64, in.Int64(row), out.SetInt64(row, value));
BQCDC_CELL(double, ColumnType::kFloat64, in.Double(row), out.SetDouble(row, value));
BQCDC_CELL(std::string_view, ColumnType::kString, in.Bytes(row), out.SetBytes(row, value));
BQCDC_CELL(std::string, ColumnType::kString, std::string(in.Bytes(row)), out.SetBytes(row, value));
BQCDC_CELL(Bytes, ColumnType::kBytes, Bytes{in.Bytes(row)}, out.SetBytes(row, value.value));
BQCDC_CELL(BytesValue, ColumnType::kBytes, BytesValue{std::string(in.Bytes(row))},
           out.SetBytes(row, value.value));
BQCDC_CELL(Date, ColumnType::kDate, Date{in.Int32(row)}, out.SetInt32(row, value.days));
BQCDC_CELL(Datetime, ColumnType::kDatetime, Datetime{in.Int64(row)}, out.SetInt64(row, value.micros));
BQCDC_CELL(Time, ColumnType::kTime, Time{in.Int64(row)}, out.SetInt64(row, value.micros));
BQCDC_CELL(Timestamp, ColumnType::kTimestamp, Timestamp{in.Int64(row)}, out.SetInt64(row, value.micros));
BQCDC_CELL(NumericUnits, ColumnType::kNumeric, NumericUnits{in.Int128(row)}, out.SetInt128(row, value.value));
#undef BQCDC_CELL

template <>
struct Cell<values::Numeric> {
  static constexpr ColumnType kType = ColumnType::kNumeric;
  static values::Numeric Read(const VectorReader& in, size_t row) {
    values::Numeric value;
    (void)values::Numeric::FromUnscaled(in.Int128(row), &value);
    return value;
  }
  static void Write(VectorWriter& out, size_t row, const values::Numeric& value) {
    out.SetInt128(row, value.unscaled());
  }
};
template <>
struct Cell<values::BigNumeric> {
  static constexpr ColumnType kType = ColumnType::kBigNumeric;
  static values::BigNumeric Read(const VectorReader& in, size_t row) {
    values::BigNumeric value;
    (void)values::BigNumeric::FromBlob(in.Bytes(row), &value);
    return value;
  }
  static void Write(VectorWriter& out, size_t row, const values::BigNumeric& value) {
    char blob[values::BigNumeric::kBlobBytes];
    value.ToBlob(blob);
    out.SetBytes(row, std::string_view(blob, sizeof(blob)));
  }
};
template <>
struct Cell<values::Interval> {
  static constexpr ColumnType kType = ColumnType::kInterval;
  static values::Interval Read(const VectorReader& in, size_t row) {
    const engine::IntervalValue value = in.Interval(row);
    return {value.months, value.days, value.micros};
  }
  static void Write(VectorWriter& out, size_t row, const values::Interval& value) {
    out.SetInterval(row, {value.months, value.days, value.micros});
  }
};

// Optional, list and variadic around a cell.
template <typename T>
struct Parameter {
  using Inner = T;
  static constexpr bool kTakesNull = false, kList = false, kVariadic = false;
};
template <typename T>
struct Parameter<std::optional<T>> {
  using Inner = T;
  static constexpr bool kTakesNull = true, kList = false, kVariadic = false;
};
template <typename T>
struct Parameter<List<T>> {
  using Inner = T;
  static constexpr bool kTakesNull = false, kList = true, kVariadic = false;
};
template <typename T>
struct Parameter<Variadic<T>> {
  using Inner = T;
  static constexpr bool kTakesNull = true, kList = false, kVariadic = true;
};

template <typename T>
schema::Column ColumnOf() {
  schema::Column column;
  using P = Parameter<T>;
  column.type = Cell<typename P::Inner>::kType;
  if (P::kList) column.mode = schema::ColumnMode::kRepeated;
  return column;
}

template <typename T>
List<T> ReadList(const VectorReader& in, size_t row) {
  List<T> list;
  const VectorReader::ListEntry entry = in.List(row);
  const VectorReader elements = in.Elements();
  list.elements.reserve(entry.length);
  for (size_t i = 0; i < entry.length; ++i) {
    if (elements.IsNull(entry.offset + i)) {
      list.elements.emplace_back();
    } else {
      list.elements.emplace_back(Cell<T>::Read(elements, entry.offset + i));
    }
  }
  return list;
}

template <typename T>
T ReadArgument(const std::vector<VectorReader>& in, size_t index, size_t row) {
  using P = Parameter<T>;
  if constexpr (P::kVariadic) {
    T result;
    for (size_t i = index; i < in.size(); ++i) {
      if (in[i].IsNull(row)) {
        result.values.emplace_back();
      } else {
        result.values.emplace_back(Cell<typename P::Inner>::Read(in[i], row));
      }
    }
    return result;
  } else if constexpr (P::kList) {
    return ReadList<typename P::Inner>(in[index], row);
  } else if constexpr (P::kTakesNull) {
    if (in[index].IsNull(row)) return std::nullopt;
    return Cell<typename P::Inner>::Read(in[index], row);
  } else {
    return Cell<T>::Read(in[index], row);
  }
}

// What a function may return: R, optional<R>, vector<R>, vector<optional<R>>, and any of it in a StatusOr.
template <typename R>
struct Result {
  using Inner = R;
  static constexpr bool kList = false;
  static void Write(VectorWriter& out, size_t row, const R& value) { Cell<R>::Write(out, row, value); }
};
template <typename R>
struct Result<std::optional<R>> {
  using Inner = typename Result<R>::Inner;
  static constexpr bool kList = Result<R>::kList;
  static void Write(VectorWriter& out, size_t row, const std::optional<R>& value) {
    if (value) {
      Result<R>::Write(out, row, *value);
    } else {
      out.SetNull(row);
    }
  }
};
template <typename R>
struct Result<std::vector<R>> {
  using Inner = typename Result<R>::Inner;
  static constexpr bool kList = true;
  static void Write(VectorWriter& out, size_t row, const std::vector<R>& values) {
    const size_t first = out.StartList(row, values.size());
    VectorWriter elements = out.Elements();
    for (size_t i = 0; i < values.size(); ++i) Result<R>::Write(elements, first + i, values[i]);
  }
};
template <typename R>
struct Fallible {
  using Value = R;
  static constexpr bool kValue = false;
};
template <typename R>
struct Fallible<absl::StatusOr<R>> {
  using Value = R;
  static constexpr bool kValue = true;
};

// The memory of a value beside its place in a column: bytes of a text, elements of an array.
template <typename R>
struct Footprint {
  static size_t Of(const R& /*value*/) { return 0; }
};
template <>
struct Footprint<std::string> {
  static size_t Of(const std::string& value) { return value.size(); }
};
template <>
struct Footprint<BytesValue> {
  static size_t Of(const BytesValue& value) { return value.value.size(); }
};
template <typename R>
struct Footprint<std::optional<R>> {
  static size_t Of(const std::optional<R>& value) { return value ? Footprint<R>::Of(*value) : 0; }
};
template <typename R>
struct Footprint<std::vector<R>> {
  static size_t Of(const std::vector<R>& values) {
    constexpr size_t kElementBytes = 16;  // of the widest in DuckDB's lists
    size_t bytes = values.size() * kElementBytes;
    for (const R& value : values) bytes += Footprint<R>::Of(value);
    return bytes;
  }
};

template <typename R, typename... Args, size_t... I>
absl::Status EvaluateRow(R (*function)(Args...), const std::vector<VectorReader>& in, size_t row,
                         VectorWriter& out, ChunkOutput& limits, bool safe, std::index_sequence<I...>) {
  using F = Fallible<R>;
  const bool null = (false || ... || (!Parameter<std::decay_t<Args>>::kTakesNull && in[I].IsNull(row)));
  if (null) {
    out.SetNull(row);
    return absl::OkStatus();
  }
  if constexpr (F::kValue) {
    const R result = function(ReadArgument<std::decay_t<Args>>(in, I, row)...);
    if (result.ok()) {
      BQCDC_RETURN_IF_ERROR(limits.Add(Footprint<typename F::Value>::Of(*result)));
      Result<typename F::Value>::Write(out, row, *result);
    } else if (safe) {
      out.SetNull(row);
    } else {
      return MarkedError(base::ToStd(result.status().message()));
    }
  } else {
    const R result = function(ReadArgument<std::decay_t<Args>>(in, I, row)...);
    BQCDC_RETURN_IF_ERROR(limits.Add(Footprint<R>::Of(result)));
    Result<R>::Write(out, row, result);
  }
  return absl::OkStatus();
}

template <typename R, typename... Args>
engine::ScalarFunction Make(std::string name, R (*function)(Args...), bool safe) {
  using Value = typename Fallible<R>::Value;
  engine::ScalarFunction result;
  result.name = std::move(name);
  result.parameters = {ColumnOf<std::decay_t<Args>>()...};
  result.variadic = (false || ... || Parameter<std::decay_t<Args>>::kVariadic);
  result.result.type = Cell<typename Result<Value>::Inner>::kType;
  if (Result<Value>::kList) result.result.mode = schema::ColumnMode::kRepeated;
  result.evaluate = [function, safe, name = result.name](const std::vector<VectorReader>& in, size_t rows,
                                                         VectorWriter out) {
    ChunkOutput limits(name, rows);
    for (size_t row = 0; row < rows; ++row) {
      absl::Status status =
          EvaluateRow(function, in, row, out, limits, safe, std::index_sequence_for<Args...>());
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
  return result;
}

}  // namespace own_function_internal

template <typename R, typename... Args>
void AddFunction(OwnFunctions& functions, const std::string& name, R (*function)(Args...)) {
  functions.push_back(own_function_internal::Make(name, function, false));
  if (own_function_internal::Fallible<R>::kValue) {
    functions.push_back(own_function_internal::Make(name + "_safe", function, true));
  }
}

// For lambdas: AddFunction(functions, "bq_x", +[](int64_t a) { ... }).

// Every function of this folder, made once.
const OwnFunctions& AllOwnFunctions();

// One for each file of this folder.
void AddArithmeticFunctions(OwnFunctions& functions);
void AddDecimalFunctions(OwnFunctions& functions);
void AddCastFunctions(OwnFunctions& functions);
void AddStringFunctions(OwnFunctions& functions);
void AddUnitFunctions(OwnFunctions& functions);
void AddRegexpFunctions(OwnFunctions& functions);
void AddTimeFunctions(OwnFunctions& functions);
void AddTimeFormatFunctions(OwnFunctions& functions);
void AddPicosecondFunctions(OwnFunctions& functions);
void AddRangeFunctions(OwnFunctions& functions);
void AddIntervalFunctions(OwnFunctions& functions);
void AddGeographyFunctions(OwnFunctions& functions);
void AddJsonFunctions(OwnFunctions& functions);
void AddJsonEditFunctions(OwnFunctions& functions);
void AddHashFunctions(OwnFunctions& functions);
void AddArrayFunctions(OwnFunctions& functions);
void AddFormatFunction(OwnFunctions& functions);

}  // namespace bqcdc::emulator::sql
