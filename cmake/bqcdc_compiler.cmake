# How our own code is compiled: language level, warnings, optimisation, compiler cache.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_LINK_LIBRARIES_ONLY_TARGETS ON)  # A misspelled dependency is an error, not "-lmisspelled".

option(BQCDC_WERROR "Treat warnings of our own code as errors (the presets for development turn it on)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
endif()
# The everyday build: optimised, assertions kept, line tables only (-g1 halves objects and link time).
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

find_program(BQCDC_CCACHE ccache)
if(BQCDC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${BQCDC_CCACHE}")
endif()

# Linked by every target of ours; generated code does without the warnings.
add_library(bqcdc_compile_options INTERFACE)
# Structs have defaults in place, so leaving members out of an initializer is wanted.
# None of it reaches a program that links the installed library.
target_compile_options(bqcdc_compile_options
                       INTERFACE "$<BUILD_INTERFACE:-Wall;-Wextra;-Wno-missing-field-initializers>")
target_include_directories(bqcdc_compile_options INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
if(BQCDC_WERROR)
  target_compile_options(bqcdc_compile_options INTERFACE "$<BUILD_INTERFACE:-Werror>")
endif()

include(bqcdc_sanitizers)
