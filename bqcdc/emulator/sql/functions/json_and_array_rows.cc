#include "bqcdc/emulator/sql/functions/function_rows.h"

namespace bqcdc::emulator::sql {

const std::vector<FunctionRow>& JsonAndArrayRows() {
  static const std::vector<FunctionRow>* const rows = new std::vector<FunctionRow>{
      {"JSON_VALUE", "STRING, [STRING] -> STRING", "bq_json_value!($1, {$2|'$'})"},
      {"JSON_VALUE", "JSON, [STRING] -> STRING", "bq_json_value!($1, {$2|'$'})"},
      {"JSON_QUERY", "STRING, [STRING] -> STRING", "bq_json_query!($1, {$2|'$'})"},
      {"JSON_QUERY", "JSON, [STRING] -> JSON", "bq_json_query_json!($1, {$2|'$'})"},
      {"JSON_EXTRACT", "STRING, [STRING] -> STRING", "bq_json_extract!($1, {$2|'$'})"},
      {"JSON_EXTRACT", "JSON, [STRING] -> JSON", "bq_json_query_json!($1, {$2|'$'})"},
      {"JSON_EXTRACT_SCALAR", "STRING, [STRING] -> STRING", "bq_json_extract_scalar!($1, {$2|'$'})"},
      {"JSON_EXTRACT_SCALAR", "JSON, [STRING] -> STRING", "bq_json_extract_scalar!($1, {$2|'$'})"},
      {"JSON_QUERY_ARRAY", "STRING, [STRING] -> ARRAY<STRING>", "bq_json_query_array!($1, {$2|'$'})"},
      {"JSON_QUERY_ARRAY", "JSON, [STRING] -> ARRAY<JSON>", "bq_json_query_array!($1, {$2|'$'})"},
      {"JSON_EXTRACT_ARRAY", "STRING, [STRING] -> ARRAY<STRING>", "bq_json_extract_array!($1, {$2|'$'})"},
      {"JSON_EXTRACT_ARRAY", "JSON, [STRING] -> ARRAY<JSON>", "bq_json_extract_array!($1, {$2|'$'})"},
      {"JSON_VALUE_ARRAY", "STRING, [STRING] -> ARRAY<STRING>", "bq_json_value_array!($1, {$2|'$'})"},
      {"JSON_VALUE_ARRAY", "JSON, [STRING] -> ARRAY<STRING>", "bq_json_value_array!($1, {$2|'$'})"},
      {"JSON_EXTRACT_STRING_ARRAY", "STRING, [STRING] -> ARRAY<STRING>",
       "bq_json_extract_string_array!($1, {$2|'$'})"},
      {"JSON_EXTRACT_STRING_ARRAY", "JSON, [STRING] -> ARRAY<STRING>",
       "bq_json_extract_string_array!($1, {$2|'$'})"},
      {"PARSE_JSON", "STRING -> JSON", "bq_parse_json!($*)"},
      {"JSON_TYPE", "JSON -> STRING", "bq_json_type($*)"},
      {"TO_JSON_STRING", "A, [BOOL] -> STRING", "@to_json_string"},
      {"TO_JSON", "A -> JSON", "@to_json"},
      {"JSON_OBJECT", "A... -> JSON", "@json_object"},
      {"JSON_ARRAY", "A... -> JSON", "@json_array"},
      {"BOOL", "JSON -> BOOL", "bq_json_bool!($*)"},
      {"INT64", "JSON -> INT64", "bq_json_int64!($*)"},
      {"FLOAT64", "JSON -> FLOAT64", "bq_json_float64!($*)"},
      {"LAX_BOOL", "JSON -> BOOL", "bq_json_lax_bool($*)"},
      {"LAX_INT64", "JSON -> INT64", "bq_json_lax_int64($*)"},
      {"LAX_FLOAT64", "JSON -> FLOAT64", "bq_json_lax_float64($*)"},
      {"LAX_STRING", "JSON -> STRING", "bq_json_lax_string($*)"},
      {"ARRAY_LENGTH", "ARRAY<T> -> INT64", "len($1)"},
      {"ARRAY_CONCAT", "ARRAY<T>, ARRAY<T>... -> ARRAY<T>", "@array_concat"},
      {"ARRAY_REVERSE", "ARRAY<T> -> ARRAY<T>", "list_reverse($1)"},
      {"ARRAY_FIRST", "ARRAY<T> -> T", "@array_first"},
      {"ARRAY_LAST", "ARRAY<T> -> T", "@array_last"},
      {"ARRAY_TO_STRING", "ARRAY<STRING>, STRING, [STRING] -> STRING",
       "bq_array_to_string($1, $2, {$3|NULL::VARCHAR})"},
      {"GENERATE_ARRAY", "INT64, INT64, [INT64] -> ARRAY<INT64>",
       "bq_generate_array_int64!($1, $2, {$3|1::BIGINT})"},
      {"GENERATE_ARRAY", "NUMERIC, NUMERIC, [NUMERIC] -> ARRAY<NUMERIC>",
       "bq_generate_array_numeric!($1, $2, {$3|1::DECIMAL(38,9)})"},
      {"GENERATE_ARRAY", "FLOAT64, FLOAT64, [FLOAT64] -> ARRAY<FLOAT64>",
       "bq_generate_array_float64!($1, $2, {$3|1::DOUBLE})"},
  };
  return *rows;
}

}  // namespace bqcdc::emulator::sql
