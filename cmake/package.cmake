# What `cmake --install` puts where: a package that may be moved, found by CMake and by pkg-config.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/clusterless)
install(TARGETS clusterless EXPORT clusterless ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/clusterless DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT clusterless NAMESPACE clusterless:: FILE clusterless-targets.cmake
  DESTINATION ${package_folder})

configure_package_config_file(cmake/clusterless-config.cmake.in clusterless-config.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(clusterless-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/clusterless-config.cmake
  ${PROJECT_BINARY_DIR}/clusterless-config-version.cmake DESTINATION ${package_folder})

# The .pc file counts its prefix from where it lies, so that the package may be moved.
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH PC_PREFIX /${pkgconfig_folder} /)
string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
list(TRANSFORM CMAKE_DL_LIBS PREPEND -l OUTPUT_VARIABLE PC_DL_LIBS)
configure_file(cmake/clusterless.pc.in clusterless.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/clusterless.pc DESTINATION ${pkgconfig_folder})

install(FILES README.md CHANGELOG.md LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/guide DESTINATION ${CMAKE_INSTALL_DOCDIR})
