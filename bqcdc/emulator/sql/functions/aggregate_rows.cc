#include "bqcdc/emulator/sql/functions/function_rows.h"

namespace bqcdc::emulator::sql {

const std::vector<FunctionRow>& AggregateRows() {
  static const std::vector<FunctionRow>* const rows = new std::vector<FunctionRow>{
      {"COUNT", "-> INT64", "[count(*)]"},
      {"COUNT", "A -> INT64", "[count(#$1)]"},
      {"COUNTIF", "BOOL -> INT64", "[count(CASE WHEN $1 THEN 1 END)]"},
      {"SUM", "INT64 -> INT64", "CAST([sum(#$1)] AS BIGINT)"},
      {"SUM", "FLOAT64 -> FLOAT64", "@sum_float64"},
      {"SUM", "NUMERIC -> NUMERIC", "@sum_numeric"},
      {"SUM", "BIGNUMERIC -> BIGNUMERIC", "bq_sum_bignumeric!([list(#$1)])"},
      {"SUM", "INTERVAL -> INTERVAL", "bq_sum_interval!([list(#$1)])"},
      {"AVG", "INT64 -> FLOAT64", "[avg(#$1)]"},
      {"AVG", "FLOAT64 -> FLOAT64", "@avg_float64"},
      {"AVG", "NUMERIC -> NUMERIC", "@avg_numeric"},
      {"AVG", "BIGNUMERIC -> BIGNUMERIC", "bq_avg_bignumeric!([list(#$1)])"},
      {"MIN", "O -> O", "@min"},
      {"MAX", "O -> O", "@max"},
      {"ANY_VALUE", "T -> T", "[any_value($1)]"},
      {"ARRAY_AGG", "T -> ARRAY<T>", "@array_agg"},
      {"ARRAY_CONCAT_AGG", "ARRAY<T> -> ARRAY<T>", "@array_concat_agg"},
      {"STRING_AGG", "STRING, [STRING] -> STRING", "@string_agg"},
      {"STRING_AGG", "BYTES, [BYTES] -> BYTES", "@string_agg"},
      {"LOGICAL_AND", "BOOL -> BOOL", "[bool_and($1)]"},
      {"LOGICAL_OR", "BOOL -> BOOL", "[bool_or($1)]"},
      {"BIT_AND", "INT64 -> INT64", "[bit_and(#$1)]"},
      {"BIT_OR", "INT64 -> INT64", "[bit_or(#$1)]"},
      {"BIT_XOR", "INT64 -> INT64", "[bit_xor(#$1)]"},
      {"APPROX_COUNT_DISTINCT", "A -> INT64", "[count(DISTINCT $1)]"},
      {"MAX_BY", "T, O -> T", "@max_by"},
      {"MIN_BY", "T, O -> T", "@min_by"},
      {"STDDEV", "FLOAT64 -> FLOAT64", "@stddev_samp"},
      {"STDDEV", "NUMERIC -> FLOAT64", "sqrt(bq_variance_numeric([list(#$1)], 1))"},
      {"STDDEV", "BIGNUMERIC -> FLOAT64", "sqrt(bq_variance_bignumeric([list(#$1)], 1))"},
      {"STDDEV_SAMP", "FLOAT64 -> FLOAT64", "@stddev_samp"},
      {"STDDEV_SAMP", "NUMERIC -> FLOAT64", "sqrt(bq_variance_numeric([list(#$1)], 1))"},
      {"STDDEV_SAMP", "BIGNUMERIC -> FLOAT64", "sqrt(bq_variance_bignumeric([list(#$1)], 1))"},
      {"STDDEV_POP", "FLOAT64 -> FLOAT64", "@stddev_pop"},
      {"STDDEV_POP", "NUMERIC -> FLOAT64", "sqrt(bq_variance_numeric([list(#$1)], 0))"},
      {"STDDEV_POP", "BIGNUMERIC -> FLOAT64", "sqrt(bq_variance_bignumeric([list(#$1)], 0))"},
      {"VARIANCE", "FLOAT64 -> FLOAT64", "@var_samp"},
      {"VARIANCE", "NUMERIC -> FLOAT64", "bq_variance_numeric([list(#$1)], 1)"},
      {"VARIANCE", "BIGNUMERIC -> FLOAT64", "bq_variance_bignumeric([list(#$1)], 1)"},
      {"VAR_SAMP", "FLOAT64 -> FLOAT64", "@var_samp"},
      {"VAR_SAMP", "NUMERIC -> FLOAT64", "bq_variance_numeric([list(#$1)], 1)"},
      {"VAR_SAMP", "BIGNUMERIC -> FLOAT64", "bq_variance_bignumeric([list(#$1)], 1)"},
      {"VAR_POP", "FLOAT64 -> FLOAT64", "@var_pop"},
      {"VAR_POP", "NUMERIC -> FLOAT64", "bq_variance_numeric([list(#$1)], 0)"},
      {"VAR_POP", "BIGNUMERIC -> FLOAT64", "bq_variance_bignumeric([list(#$1)], 0)"},
      {"CORR", "FLOAT64, FLOAT64 -> FLOAT64", "CASE WHEN [regr_count($1, $2)] > 1 THEN [corr($1, $2)] END"},
      // Of an infinite value DuckDB makes infinity or NaN, as its place among the others has it; the service
      // NaN.
      {"COVAR_POP", "FLOAT64, FLOAT64 -> FLOAT64",
       "CASE WHEN [bool_or($1 IS NOT NULL AND $2 IS NOT NULL AND NOT (isfinite($1) AND isfinite($2)))]"
       " THEN 'nan'::DOUBLE ELSE [covar_pop($1, $2)] END"},
      {"COVAR_SAMP", "FLOAT64, FLOAT64 -> FLOAT64",
       "CASE WHEN [regr_count($1, $2)] > 1 AND"
       " [bool_or($1 IS NOT NULL AND $2 IS NOT NULL AND NOT (isfinite($1) AND isfinite($2)))]"
       " THEN 'nan'::DOUBLE ELSE [covar_samp($1, $2)] END"},
  };
  return *rows;
}

const std::vector<FunctionRow>& WindowRows() {
  static const std::vector<FunctionRow>* const rows = new std::vector<FunctionRow>{
      {"ROW_NUMBER", "-> INT64", "[row_number()]"},
      {"RANK", "-> INT64", "[rank()]"},
      {"DENSE_RANK", "-> INT64", "[dense_rank()]"},
      {"PERCENT_RANK", "-> FLOAT64", "[percent_rank()]"},
      {"CUME_DIST", "-> FLOAT64", "[cume_dist()]"},
      {"NTILE", "INT64 -> INT64", "[ntile($1)]"},
      {"LAG", "T, [INT64], [T] -> T", "[lag($1, {$2|1}, {$3|NULL})]"},
      {"LEAD", "T, [INT64], [T] -> T", "[lead($1, {$2|1}, {$3|NULL})]"},
      {"FIRST_VALUE", "T -> T", "[first_value($1%)]"},
      {"LAST_VALUE", "T -> T", "[last_value($1%)]"},
      {"PERCENTILE_CONT", "FLOAT64, FLOAT64 -> FLOAT64", "@percentile_cont"},
      {"PERCENTILE_CONT", "NUMERIC, NUMERIC -> NUMERIC", kRefusedForm},
      {"PERCENTILE_CONT", "BIGNUMERIC, BIGNUMERIC -> BIGNUMERIC", kRefusedForm},
      {"NTH_VALUE", "T, INT64 -> T", "[nth_value($1, $2%)]"},
  };
  return *rows;
}

}  // namespace bqcdc::emulator::sql
