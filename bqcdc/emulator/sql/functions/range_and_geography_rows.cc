#include "bqcdc/emulator/sql/functions/function_rows.h"

namespace bqcdc::emulator::sql {

const std::vector<FunctionRow>& RangeAndGeographyRows() {
  static const std::vector<FunctionRow>* const rows = new std::vector<FunctionRow>{
      {"RANGE", "R, R -> RANGE<R>", "@range"},
      {"RANGE_START", "RANGE<R> -> R", "@range_start"},
      {"RANGE_END", "RANGE<R> -> R", "@range_end"},
      {"RANGE_CONTAINS", "RANGE<R>, RANGE<R> -> BOOL",
       "(struct_extract($1, 'start') <= struct_extract($2, 'start') AND "
       "struct_extract($2, 'end') <= struct_extract($1, 'end'))"},
      {"RANGE_CONTAINS", "RANGE<R>, R -> BOOL",
       "(struct_extract($1, 'start') <= $2 AND $2 < struct_extract($1, 'end'))"},
      {"RANGE_OVERLAPS", "RANGE<R>, RANGE<R> -> BOOL",
       "(struct_extract($1, 'start') < struct_extract($2, 'end') AND "
       "struct_extract($2, 'start') < struct_extract($1, 'end'))"},
      {"RANGE_INTERSECT", "RANGE<R>, RANGE<R> -> RANGE<R>", "@range_intersect"},
      {"GENERATE_RANGE_ARRAY", "RANGE<R>, INTERVAL, [BOOL] -> ARRAY<RANGE<R>>", "@generate_range_array"},
      {"ST_GEOGFROMTEXT", "STRING -> GEOGRAPHY", "bq_st_geogfromtext!($*)"},
      {"ST_GEOGFROMGEOJSON", "STRING -> GEOGRAPHY", "bq_st_geogfromgeojson!($*)"},
      {"ST_GEOGPOINT", "FLOAT64, FLOAT64 -> GEOGRAPHY", "bq_st_geogpoint!($*)"},
      {"ST_ASTEXT", "GEOGRAPHY -> STRING", "$1"},
      {"ST_GEOMETRYTYPE", "GEOGRAPHY -> STRING", "bq_st_geometrytype($*)"},
      {"ST_NUMPOINTS", "GEOGRAPHY -> INT64", "bq_st_npoints($*)"},
      {"ST_NPOINTS", "GEOGRAPHY -> INT64", "bq_st_npoints($*)"},
      {"ST_DIMENSION", "GEOGRAPHY -> INT64", "bq_st_dimension($*)"},
      {"ST_ISEMPTY", "GEOGRAPHY -> BOOL", "bq_st_isempty($*)"},
      {"ST_ISCOLLECTION", "GEOGRAPHY -> BOOL", "bq_st_iscollection($*)"},
      {"ST_X", "GEOGRAPHY -> FLOAT64", "bq_st_x!($*)"},
      {"ST_Y", "GEOGRAPHY -> FLOAT64", "bq_st_y!($*)"},
  };
  return *rows;
}

}  // namespace bqcdc::emulator::sql
