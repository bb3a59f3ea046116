# libbacktrace reads the line tables for stack traces. It is part of gcc's own folder, which g++ finds
# and other compilers may not, so its objects go into the library itself: a program that links
# clusterless needs nothing of it, whatever its compiler.

set(gcc_says ${CMAKE_CXX_COMPILER})
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  find_program(CLUSTERLESS_GCC NAMES g++ gcc DOC "The gcc whose libbacktrace is used")
  if(CLUSTERLESS_GCC)
    set(gcc_says ${CLUSTERLESS_GCC})
  endif()
endif()
execute_process(COMMAND ${gcc_says} -print-file-name=libbacktrace.a
  OUTPUT_VARIABLE gcc_archive OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${gcc_says} -print-file-name=include
  OUTPUT_VARIABLE gcc_include OUTPUT_STRIP_TRAILING_WHITESPACE)
get_filename_component(gcc_folder "${gcc_archive}" DIRECTORY)
find_library(BACKTRACE_ARCHIVE libbacktrace.a HINTS ${gcc_folder})
find_path(BACKTRACE_INCLUDE backtrace.h HINTS ${gcc_include})
if(NOT BACKTRACE_ARCHIVE OR NOT BACKTRACE_INCLUDE)
  message(FATAL_ERROR "libbacktrace.a and backtrace.h were not found. They come with gcc (Debian: "
    "libgcc-12-dev); with another compiler install g++ too, or set BACKTRACE_ARCHIVE and "
    "BACKTRACE_INCLUDE.")
endif()

take_objects(BACKTRACE_OBJECTS ${BACKTRACE_ARCHIVE} room_os)

# Its header stands among gcc's own, which another compiler must not see before its own.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(room_os PRIVATE "SHELL:-idirafter ${BACKTRACE_INCLUDE}")
endif()
