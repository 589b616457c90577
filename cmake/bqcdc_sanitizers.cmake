# Sanitizers over everything of ours: BQCDC_SANITIZE is what -fsanitize= takes. The presets fuzz and tsan set it.

set(BQCDC_SANITIZE "" CACHE STRING "Sanitizers of -fsanitize=, for example address,undefined or thread")
if(NOT BQCDC_SANITIZE)
  return()
endif()
add_compile_options(-fsanitize=${BQCDC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
add_link_options(-fsanitize=${BQCDC_SANITIZE})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-O1)  # A quarter less to wait for the compiler.
  # With the checks in between GCC 12 loses track of what is set, and of which operator new belongs to which delete.
  target_compile_options(bqcdc_compile_options
                         INTERFACE "$<BUILD_INTERFACE:-Wno-maybe-uninitialized;-Wno-mismatched-new-delete>")
endif()

if(BQCDC_SANITIZE STREQUAL "thread")
  add_library(bqcdc_tsan_absl_mutex OBJECT cmake/tsan/absl_mutex.cc)
  # The wrapped names are read from the source, so that the two cannot differ.
  file(STRINGS cmake/tsan/absl_mutex.cc wraps REGEX "\"_ZN")
  foreach(line IN LISTS wraps)
    string(REGEX MATCH "_ZN[A-Za-z0-9_]+" mangled "${line}")
    target_link_options(bqcdc_compile_options INTERFACE "LINKER:--wrap=${mangled}")
  endforeach()
  # What it wraps, too, for programs that use nothing of Abseil themselves.
  target_link_libraries(bqcdc_compile_options INTERFACE $<TARGET_OBJECTS:bqcdc_tsan_absl_mutex> absl::synchronization)
endif()
