# The library as others find it: find_package(bqcdc), then link bqcdc::writer. Static libraries, the public headers, and a
# package file that finds what they stand on. `cmake --install build --component library` installs this alone.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/bqcdc")

# Every library that bqcdc_writer links, floor first.
set(libraries bqcdc_compile_options bqcdc_service_protos bqcdc_base bqcdc_values bqcdc_schema bqcdc_http
              bqcdc_credentials bqcdc_encode bqcdc_write bqcdc_rest bqcdc_session bqcdc_checkpoint bqcdc_pipeline bqcdc_writer)
foreach(library IN LISTS libraries)
  string(REPLACE "bqcdc_" "" short "${library}")
  set_target_properties(${library} PROPERTIES EXPORT_NAME "${short}")
endforeach()

target_sources(bqcdc_writer PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES
               "${PROJECT_SOURCE_DIR}/bqcdc/writer/writer.h"
               "${PROJECT_SOURCE_DIR}/bqcdc/encode/change_type.h"
               "${PROJECT_SOURCE_DIR}/bqcdc/values/sequence_number.h")

install(TARGETS ${libraries} EXPORT bqcdc_targets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/bqcdc" COMPONENT library
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT library)
install(EXPORT bqcdc_targets NAMESPACE bqcdc:: FILE bqcdc-targets.cmake DESTINATION "${package_dir}" COMPONENT library)
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/bqcdc-config.cmake.in"
                              "${PROJECT_BINARY_DIR}/bqcdc-config.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor version may change anything.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bqcdc-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/bqcdc-config.cmake" "${PROJECT_BINARY_DIR}/bqcdc-config-version.cmake"
        DESTINATION "${package_dir}" COMPONENT library)
