# Fetches the parts that Debian does not package, by package-lock.json (integrity only, no registry named), and keeps
# the needed files: ${BQCDC_PARTS_DIR}/{duckdb/include,duckdb/lib,protos,licenses}. Install scripts never run.
# All build folders of a clone share one copy, so an offline second configure (or a sanitizer's build) needs no network.

set(BQCDC_PARTS_DIR "${PROJECT_SOURCE_DIR}/build/parts" CACHE PATH "Where the npm parts are kept")

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(bqcdc_npm_arch arm64)
else()
  set(bqcdc_npm_arch x64)
endif()

function(bqcdc_fetch_npm_parts)
  set(lock "${PROJECT_SOURCE_DIR}/package-lock.json")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${lock}")
  file(SHA256 "${lock}" lock_hash)
  set(marker "${BQCDC_PARTS_DIR}/installed-${bqcdc_npm_arch}-${lock_hash}")
  if(EXISTS "${marker}")
    return()
  endif()

  find_program(BQCDC_NPM npm)
  if(NOT BQCDC_NPM)
    message(FATAL_ERROR "npm is missing: it fetches DuckDB and the service protos (Debian: apt-get install npm)")
  endif()
  message(STATUS "Fetching DuckDB and the service protos with npm into ${BQCDC_PARTS_DIR} (about 35 MB, once)")
  file(REMOVE_RECURSE "${BQCDC_PARTS_DIR}")
  set(work "${BQCDC_PARTS_DIR}/npm")
  file(MAKE_DIRECTORY "${work}")
  file(COPY "${PROJECT_SOURCE_DIR}/package.json" "${lock}" DESTINATION "${work}")
  execute_process(
    COMMAND "${BQCDC_NPM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline
    WORKING_DIRECTORY "${work}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "npm could not fetch DuckDB and the service protos (is the network there?):\n${output}")
  endif()

  set(modules "${work}/node_modules")
  set(bindings "${modules}/@duckdb/node-bindings-linux-${bqcdc_npm_arch}")
  file(COPY "${modules}/duckdb/src/duckdb/src/include/duckdb.h" DESTINATION "${BQCDC_PARTS_DIR}/duckdb/include")
  file(COPY "${bindings}/libduckdb.so" DESTINATION "${BQCDC_PARTS_DIR}/duckdb/lib")
  set(protos "${BQCDC_PARTS_DIR}/protos/google")
  file(COPY "${modules}/google-gax/build/protos/google/api" "${modules}/google-gax/build/protos/google/rpc"
       DESTINATION "${protos}")
  file(COPY "${modules}/@google-cloud/bigquery-storage/build/protos/google/cloud/bigquery/storage/v1"
       DESTINATION "${protos}/cloud/bigquery/storage")
  foreach(package IN ITEMS duckdb google-gax @google-cloud/bigquery-storage)
    string(REPLACE "/" "-" name "${package}")
    configure_file("${modules}/${package}/LICENSE" "${BQCDC_PARTS_DIR}/licenses/${name}.txt" COPYONLY)
  endforeach()
  file(REMOVE_RECURSE "${work}")
  file(TOUCH "${marker}")
endfunction()

bqcdc_fetch_npm_parts()
