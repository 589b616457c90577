#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

using K = TypeKind;

struct CastRow {
  K from;
  K to;
  const char* form;  // as in the function table
};

// Conversions between scalar types
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions).
constexpr CastRow kCasts[] = {
    {K::kInt64, K::kFloat64, "CAST($1 AS DOUBLE)"},
    {K::kInt64, K::kNumeric, "CAST($1 AS DECIMAL(38,9))"},
    {K::kInt64, K::kBigNumeric, "bq_int64_to_bignumeric($1)"},
    {K::kInt64, K::kString, "CAST($1 AS VARCHAR)"},
    {K::kInt64, K::kBool, "($1 <> 0)"},
    {K::kBool, K::kInt64, "CAST($1 AS BIGINT)"},
    {K::kBool, K::kString, "CAST($1 AS VARCHAR)"},
    {K::kNumeric, K::kInt64, "bq_numeric_to_int64!($1)"},
    {K::kNumeric, K::kFloat64, "bq_numeric_to_float64($1)"},
    {K::kNumeric, K::kBigNumeric, "bq_numeric_to_bignumeric($1)"},
    {K::kNumeric, K::kString, "bq_numeric_to_string($1)"},
    {K::kBigNumeric, K::kInt64, "bq_bignumeric_to_int64!($1)"},
    {K::kBigNumeric, K::kFloat64, "bq_bignumeric_to_float64($1)"},
    {K::kBigNumeric, K::kNumeric, "bq_bignumeric_to_numeric!($1)"},
    {K::kBigNumeric, K::kString, "bq_bignumeric_to_string($1)"},
    {K::kFloat64, K::kInt64, "bq_float64_to_int64!($1)"},
    {K::kFloat64, K::kNumeric, "bq_float64_to_numeric!($1)"},
    {K::kFloat64, K::kBigNumeric, "bq_float64_to_bignumeric!($1)"},
    {K::kFloat64, K::kString, "bq_float64_to_string($1)"},
    {K::kString, K::kBool, "bq_string_to_bool!($1)"},
    {K::kString, K::kInt64, "bq_string_to_int64!($1)"},
    {K::kString, K::kFloat64, "bq_string_to_float64!($1)"},
    {K::kString, K::kNumeric, "bq_string_to_numeric!($1)"},
    {K::kString, K::kBigNumeric, "bq_string_to_bignumeric!($1)"},
    {K::kString, K::kBytes, "bq_string_to_bytes($1)"},
    {K::kString, K::kDate, "bq_string_to_date!($1)"},
    {K::kString, K::kDatetime, "bq_string_to_datetime!($1)"},
    {K::kString, K::kTime, "bq_string_to_time!($1)"},
    {K::kString, K::kTimestamp, "bq_parse_timestamp_in_zone!($1, 'UTC')"},
    {K::kString, K::kInterval, "bq_string_to_interval!($1)"},
    {K::kBytes, K::kString, "bq_bytes_to_string!($1)"},
    {K::kDate, K::kString, "bq_date_to_string($1)"},
    {K::kDate, K::kDatetime, "bq_date_to_datetime($1)"},
    {K::kDate, K::kTimestamp, "bq_datetime_to_timestamp!(bq_date_to_datetime($1), 'UTC')"},
    {K::kDatetime, K::kString, "bq_datetime_to_string($1)"},
    {K::kDatetime, K::kDate, "bq_datetime_to_date($1)"},
    {K::kDatetime, K::kTime, "bq_datetime_to_time($1)"},
    {K::kDatetime, K::kTimestamp, "bq_datetime_to_timestamp!($1, 'UTC')"},
    {K::kTime, K::kString, "bq_time_to_string($1)"},
    {K::kTimestamp, K::kString, "bq_timestamp_to_string!($1, 'UTC')"},
    {K::kTimestamp, K::kDate, "bq_datetime_to_date(bq_timestamp_to_datetime!($1, 'UTC'))"},
    {K::kTimestamp, K::kDatetime, "bq_timestamp_to_datetime!($1, 'UTC')"},
    {K::kTimestamp, K::kTime, "bq_datetime_to_time(bq_timestamp_to_datetime!($1, 'UTC'))"},
    {K::kTimestamp, K::kPicoTimestamp, "CAST(epoch_us($1) AS HUGEINT) * 1000000"},
    {K::kPicoTimestamp, K::kTimestamp, "bq_picos_to_timestamp(CAST($1 AS VARCHAR))"},
    {K::kString, K::kPicoTimestamp, "CAST(bq_string_to_picos!($1) AS HUGEINT)"},
    {K::kPicoTimestamp, K::kString, "bq_picos_to_string(CAST($1 AS VARCHAR))"},
    {K::kInterval, K::kString, "bq_interval_to_string($1)"},
};

}  // namespace

absl::StatusOr<std::string> Generator::Cast(const std::string& value, const Type& from, const Type& to,
                                            bool safe, const Position& position) {
  if (from == to) return base::StrCat("CAST(", value, " AS ", DuckDbType(to), ")");
  if (from.is_struct() && to.is_struct()) {
    const std::vector<std::string> from_names = DuckDbFieldNames(from);
    const std::vector<std::string> to_names = DuckDbFieldNames(to);
    std::string fields;
    for (size_t i = 0; i < to_names.size(); ++i) {
      const std::string field =
          base::StrCat("struct_extract(", value, ", ", QuoteDuckDbText(from_names[i]), ")");
      BQCDC_ASSIGN_OR_RETURN(const std::string converted,
                             Cast(field, from.fields()[i].type, to.fields()[i].type, safe, position));
      base::StrAppend(&fields, fields.empty() ? "{" : ", ", QuoteDuckDbText(to_names[i]), ": ", converted);
    }
    return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE ", fields, "} END");
  }
  if (to.is(K::kRange)) {
    const auto end = [&](const char* function) {
      return Cast(base::StrCat(function, "(", value, ")"), K::kString, to.element(), safe, position);
    };
    BQCDC_ASSIGN_OR_RETURN(const std::string start, end("bq_range_text_start"));
    BQCDC_ASSIGN_OR_RETURN(const std::string stop, end("bq_range_text_end"));
    return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE ",
                        MakeRange(start, stop, to.element(), safe), " END");
  }
  if (from.is(K::kRange)) {
    std::string ends[2];
    for (const bool is_start : {true, false}) {
      BQCDC_ASSIGN_OR_RETURN(const std::string text, Cast(RangeEnd(value, from.element(), is_start),
                                                          from.element(), to, safe, position));
      ends[is_start ? 0 : 1] = base::StrCat("coalesce(", text, ", 'UNBOUNDED')");
    }
    return base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE '[' || ", ends[0], " || ', ' || ",
                        ends[1], " || ')' END");
  }
  if (from.is_array() && to.is_array()) {
    BQCDC_ASSIGN_OR_RETURN(const std::string body, Cast("e", from.element(), to.element(), safe, position));
    return base::StrCat("list_transform(", value, ", lambda e: ", body, ")");
  }
  for (const CastRow& row : kCasts) {
    if (row.from == from.kind() && row.to == to.kind()) {
      return base::StrCat("(", FillForm(row.form, {value}, safe), ")");
    }
  }
  return Unsupported(position, "CAST from ", from.ToString(), " to ", to.ToString());
}

}  // namespace bqcdc::emulator::sql
