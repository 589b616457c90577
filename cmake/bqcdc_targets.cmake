# The targets of a folder. Every folder has one library, one test binary for each bqcdc_test, and names are derived:
#
#   bqcdc_library(NAME values SOURCES decimal.cc DEPS bqcdc_base absl::status)      → target bqcdc_values
#   bqcdc_library(NAME emulator_engine …)                                          → target bqcdc_emulator_engine
#   bqcdc_binary(NAME bqcdc-serve SOURCES main.cc DEPS …)                          → program build/bin/bqcdc-serve
#   bqcdc_test(NAME values SOURCES decimal_test.cc DEPS bqcdc_values)              → target values_test, ctest "values_test"
#   bqcdc_bench(NAME encode SOURCES row_encoder_bench.cc DEPS bqcdc_encode)        → target encode_bench
#   bqcdc_proof(NAME kill SOURCES kill_proof.cc DEPS …)                            → ctest "kill_proof" and "kill_proof_full"
#   bqcdc_script_test(NAME layers COMMAND scripts/layers)                          → a script as a test
#
# DEPS of a library are public. Includes are written from the repository root: "bqcdc/values/decimal.h".

include(bqcdc_instrumented)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(BQCDC_TEST_TIMEOUT_SECONDS 240 CACHE STRING "Limit of one test binary, where it sets none itself")

# Sets the limit of a test in seconds; under a sanitizer it has ten times as long.
function(bqcdc_limit_test test seconds)
  if(BQCDC_SANITIZE)
    math(EXPR seconds "${seconds} * 10")
  endif()
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

# A static library of a folder; without SOURCES (headers only, or nothing yet) an interface library.
function(bqcdc_library)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPS")
  bqcdc_refuse_unparsed("bqcdc_library(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  set(target "bqcdc_${arg_NAME}")
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC bqcdc_compile_options ${arg_DEPS})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE bqcdc_compile_options ${arg_DEPS})
  endif()
endfunction()

# A program of the product, installed too. It finds a bundled libduckdb.so in the build folder, and after an install beside itself.
function(bqcdc_binary)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPS")
  bqcdc_refuse_unparsed("bqcdc_binary(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PRIVATE bqcdc_compile_options ${arg_DEPS})
  set_target_properties(${arg_NAME} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/bqcdc")
  install(TARGETS ${arg_NAME} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()

# One GoogleTest binary = one ctest entry, so that a suite of thousands of cases pays for one process.
# TIMEOUT is in seconds; LABELS slow keeps it out of the quick run (./run_tests.sh --slow runs those);
# ARGS are given to the binary.
function(bqcdc_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;DEPS;LABELS;ARGS")
  bqcdc_refuse_unparsed("bqcdc_test(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  if(NOT BUILD_TESTING OR NOT arg_SOURCES)
    return()
  endif()
  set(target "${arg_NAME}_test")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE bqcdc_compile_options ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${target} COMMAND ${target} ${arg_ARGS})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${BQCDC_TEST_TIMEOUT_SECONDS})
  endif()
  bqcdc_limit_test(${target} ${arg_TIMEOUT})
  set_tests_properties(${target} PROPERTIES LABELS "${arg_LABELS}")
  bqcdc_note_test(${target})
endfunction()

# A long random proof, as one binary in two sizes (bqcdc/base/testing/proof.h): ctest "NAME_proof" plays a seeded sample in
# every run, "NAME_proof_full" (label slow) plays all of it. TIMEOUT is the full one's, in seconds.
function(bqcdc_proof)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;DEPS")
  bqcdc_refuse_unparsed("bqcdc_proof(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  if(NOT BUILD_TESTING OR NOT arg_SOURCES)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 1800)
  endif()
  set(target "${arg_NAME}_proof")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE bqcdc_compile_options ${arg_DEPS} bqcdc_base_testing GTest::gmock GTest::gtest_main)
  add_test(NAME ${target} COMMAND ${target})
  bqcdc_limit_test(${target} ${BQCDC_TEST_TIMEOUT_SECONDS})
  bqcdc_note_test(${target})
  add_test(NAME ${target}_full COMMAND ${target})
  bqcdc_limit_test(${target}_full ${arg_TIMEOUT})
  set_tests_properties(${target}_full PROPERTIES LABELS slow ENVIRONMENT BQCDC_PROOF=full)
endfunction()

# A script as a test: bqcdc_script_test(NAME layers COMMAND scripts/layers). It runs in the repository root; exit code 77 means
# skipped.
function(bqcdc_script_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
  bqcdc_refuse_unparsed("bqcdc_script_test(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${BQCDC_TEST_TIMEOUT_SECONDS})
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  bqcdc_limit_test(${arg_NAME} ${arg_TIMEOUT})
  set_tests_properties(${arg_NAME} PROPERTIES LABELS "${arg_LABELS}" SKIP_RETURN_CODE 77
                       ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

# A Google Benchmark program; never run by ctest.
function(bqcdc_bench)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;DEPS")
  bqcdc_refuse_unparsed("bqcdc_bench(${arg_NAME})" "${arg_UNPARSED_ARGUMENTS}")
  if(NOT arg_SOURCES)
    return()
  endif()
  set(target "${arg_NAME}_bench")
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE bqcdc_compile_options ${arg_DEPS} benchmark::benchmark_main)
endfunction()

function(bqcdc_refuse_unparsed call unparsed)
  if(unparsed)
    message(FATAL_ERROR "${call}: unknown arguments: ${unparsed}")
  endif()
endfunction()
