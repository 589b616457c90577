# Every library that we stand on. System packages first; npm parts (DuckDB, service protos) go into the clone's build folder.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)  # Module mode: Debian 12 ships no protobuf-config.cmake.
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(FlatBuffers CONFIG REQUIRED)  # flatc, too; of the library the headers suffice
# Debian compiles cpp-httplib into a shared library; its flags must be ours too, or the classes differ in layout.
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET GLOBAL cpp-httplib)
add_library(httplib::httplib ALIAS PkgConfig::httplib)
pkg_check_modules(bqcdc_re2 REQUIRED IMPORTED_TARGET GLOBAL re2)  # Debian 12's re2 has no CMake package of its own.
# Its CMake package wants the parts that push and serve too; we use the core alone.
pkg_check_modules(prometheus_core REQUIRED IMPORTED_TARGET GLOBAL prometheus-cpp-core)
add_library(prometheus::core ALIAS PkgConfig::prometheus_core)
find_package(GTest CONFIG REQUIRED)
find_package(benchmark CONFIG REQUIRED)

include(bqcdc_npm_parts)
include(bqcdc_duckdb)
