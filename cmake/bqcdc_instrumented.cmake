# Which programs consist, but for Abseil, of code that a sanitizer can see. gRPC and DuckDB come compiled: ThreadSanitizer would see their accesses and
# not their locks. The target instrumented_tests builds the tests without them, and the file of that name in the build folder lists them:
# scripts/sanitize thread.

set(BQCDC_NOT_INSTRUMENTED gRPC::grpc++ DuckDB::duckdb)

# Sets RESULT to whether a target links one of BQCDC_NOT_INSTRUMENTED, however far down, or starts a program that does.
function(bqcdc_links_not_instrumented result target)
  set(open ${target})
  set(seen "")
  while(open)
    list(POP_FRONT open next)
    if(next IN_LIST BQCDC_NOT_INSTRUMENTED)
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
    if(next IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${next})
    if(NOT TARGET ${next})
      continue()
    endif()
    # Programs that a test starts are dependencies.
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES MANUALLY_ADDED_DEPENDENCIES)
      get_target_property(linked ${next} ${property})
      if(linked)
        list(TRANSFORM linked REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1")
        list(APPEND open ${linked})
      endif()
    endforeach()
  endwhile()
  set(${result} FALSE PARENT_SCOPE)
endfunction()

# For each program that is a test of the same name.
function(bqcdc_note_test target)
  set_property(GLOBAL APPEND PROPERTY bqcdc_test_targets ${target})
endfunction()

# To be called when all targets are there.
function(bqcdc_list_instrumented_tests)
  get_property(targets GLOBAL PROPERTY bqcdc_test_targets)
  set(instrumented "")
  foreach(target IN LISTS targets)
    bqcdc_links_not_instrumented(unseen ${target})
    if(NOT unseen)
      list(APPEND instrumented ${target})
    endif()
  endforeach()
  add_custom_target(instrumented_tests DEPENDS ${instrumented})
  list(JOIN instrumented "\n" lines)
  file(WRITE "${PROJECT_BINARY_DIR}/instrumented_tests" "${lines}\n")
endfunction()
