# DuckDB::duckdb: the C API. A system DuckDB is taken where one is found, else the pinned npm part.
# Only bqcdc/emulator/engine may link it; scripts/layers checks that.

find_path(BQCDC_DUCKDB_INCLUDE_DIR duckdb.h)
find_library(BQCDC_DUCKDB_LIBRARY duckdb)
mark_as_advanced(BQCDC_DUCKDB_INCLUDE_DIR BQCDC_DUCKDB_LIBRARY)

add_library(DuckDB::duckdb SHARED IMPORTED GLOBAL)
if(BQCDC_DUCKDB_INCLUDE_DIR AND BQCDC_DUCKDB_LIBRARY)
  message(STATUS "DuckDB of the system: ${BQCDC_DUCKDB_LIBRARY}")
  set(BQCDC_DUCKDB_BUNDLED OFF)
  set_target_properties(DuckDB::duckdb PROPERTIES
    IMPORTED_LOCATION "${BQCDC_DUCKDB_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${BQCDC_DUCKDB_INCLUDE_DIR}")
else()
  set(BQCDC_DUCKDB_BUNDLED ON)
  set_target_properties(DuckDB::duckdb PROPERTIES
    IMPORTED_LOCATION "${BQCDC_PARTS_DIR}/duckdb/lib/libduckdb.so"
    IMPORTED_SONAME libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES "${BQCDC_PARTS_DIR}/duckdb/include")
  install(FILES "${BQCDC_PARTS_DIR}/duckdb/lib/libduckdb.so" DESTINATION "${CMAKE_INSTALL_LIBDIR}/bqcdc")
endif()
