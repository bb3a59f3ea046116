# pugixml reads the answers of Blob storage. Its object goes into the library itself, as
# libbacktrace's do: a program that links clusterless needs nothing of it, and only programs that
# use the Azure part contain it.

find_library(PUGIXML_ARCHIVE libpugixml.a)
find_path(PUGIXML_INCLUDE pugixml.hpp)
if(NOT PUGIXML_ARCHIVE OR NOT PUGIXML_INCLUDE)
  message(FATAL_ERROR "libpugixml.a and pugixml.hpp were not found (Debian: libpugixml-dev).")
endif()
execute_process(COMMAND ${CMAKE_AR} t ${PUGIXML_ARCHIVE} OUTPUT_VARIABLE members
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" members "${members}")
set(pugixml_folder ${PROJECT_BINARY_DIR}/libpugixml)
file(MAKE_DIRECTORY ${pugixml_folder})
list(TRANSFORM members PREPEND ${pugixml_folder}/ OUTPUT_VARIABLE PUGIXML_OBJECTS)
add_custom_command(OUTPUT ${PUGIXML_OBJECTS}
  COMMAND ${CMAKE_AR} x ${PUGIXML_ARCHIVE} WORKING_DIRECTORY ${pugixml_folder}
  DEPENDS ${PUGIXML_ARCHIVE} COMMENT "Taking pugixml's object" VERBATIM)
set_source_files_properties(${PUGIXML_OBJECTS} TARGET_DIRECTORY room_azure
  PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
