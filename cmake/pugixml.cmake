# pugixml reads the answers of Blob storage. Its object goes into the library itself, as
# libbacktrace's do: a program that links clusterless needs nothing of it, and only programs that
# use the Azure part contain it.

find_library(PUGIXML_ARCHIVE libpugixml.a)
find_path(PUGIXML_INCLUDE pugixml.hpp)
if(NOT PUGIXML_ARCHIVE OR NOT PUGIXML_INCLUDE)
  message(FATAL_ERROR "libpugixml.a and pugixml.hpp were not found (Debian: libpugixml-dev).")
endif()
take_objects(PUGIXML_OBJECTS ${PUGIXML_ARCHIVE} room_azure)
