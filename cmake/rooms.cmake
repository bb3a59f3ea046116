# How a room of src/ is built. One target per room, so that the build enforces who may include whom:
# a room sees the public headers and the rooms it links to, nothing else.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

add_library(clusterless_warnings INTERFACE)
# Sources that are built as one see the names of the others.
target_compile_options(clusterless_warnings INTERFACE
  -Wall -Wextra $<$<NOT:$<BOOL:${CLUSTERLESS_UNITY}>>:-Wshadow> -Wconversion -Wnon-virtual-dtor
  -Woverloaded-virtual $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${CLUSTERLESS_WERROR}>:-Werror>)

if(CLUSTERLESS_SANITIZE)
  add_compile_options(-fsanitize=${CLUSTERLESS_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${CLUSTERLESS_SANITIZE})
endif()

if(CLUSTERLESS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "libFuzzer comes with clang: cmake --preset asan")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_custom_target(fuzz_targets)
endif()

# Tests are not what is looked into: they are compiled quickly.
add_library(clusterless_quick_tests INTERFACE)
if(CLUSTERLESS_SANITIZE)
  target_compile_options(clusterless_quick_tests INTERFACE
    -O0 $<$<BOOL:${CLUSTERLESS_FUZZ}>:-fno-sanitize=fuzzer-no-link>)
endif()

# The public headers: what every room may include.
add_library(clusterless_include INTERFACE)
target_include_directories(clusterless_include INTERFACE ${PROJECT_SOURCE_DIR}/include)

# add_room(NAME [MAY_INCLUDE room…] [LINK library…]): all .cpp of the calling folder, but for tests
# and fuzz targets, become the objects of room NAME. Its own files are included as "name/file.hpp".
function(add_room name)
  cmake_parse_arguments(ROOM "" "" "MAY_INCLUDE;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")
  string(REPLACE "/" "_" target ${name})
  add_library(room_${target} OBJECT ${sources})
  target_link_libraries(room_${target} PUBLIC clusterless_include PRIVATE clusterless_warnings ${ROOM_LINK})
  # A room is seen as "name/…" through a folder that holds only links to what it may include.
  set(view ${PROJECT_BINARY_DIR}/rooms/${target})
  file(MAKE_DIRECTORY ${view})
  foreach(seen ${name} ${ROOM_MAY_INCLUDE})
    string(REGEX REPLACE "/.*" "" seen ${seen})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${seen} ${view}/${seen} SYMBOLIC)
  endforeach()
  target_include_directories(room_${target} PRIVATE ${view})
  set_target_properties(room_${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
    UNITY_BUILD ${CLUSTERLESS_UNITY} UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  set_property(GLOBAL APPEND PROPERTY CLUSTERLESS_ROOMS room_${target})
  add_room_test(${name})
  add_room_fuzz(room_${target} ${ROOM_LINK})
endfunction()

# The fuzz targets that sit beside the code of a room: each x_fuzz.cpp is a program x_fuzz.
function(add_room_fuzz room)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cpp)
  if(NOT CLUSTERLESS_FUZZ OR NOT sources)
    return()
  endif()
  foreach(source ${sources})
    get_filename_component(program ${source} NAME_WE)
    add_executable(${program} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${program} PRIVATE ${room} ${ARGN} test_pieces clusterless_warnings)
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz_targets ${program})
  endforeach()
endfunction()

# The tests that sit beside the code of a room: one program, one ctest entry.
function(add_room_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT CLUSTERLESS_TESTS OR NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target ${name})
  add_executable(${target}_test ${sources})
  target_include_directories(${target}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target}_test PRIVATE test_support clusterless_warnings)
  add_test(NAME ${name} COMMAND ${target}_test)
  add_dependencies(unit_tests ${target}_test)
endfunction()
