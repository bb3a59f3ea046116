# take_objects(OBJECTS ARCHIVE ROOM): the members of a static library of others become part of ours, so
# that a program that links clusterless needs nothing of it. OBJECTS is set to their paths; ROOM is
# the target that uses them.
function(take_objects objects archive room)
  execute_process(COMMAND ${CMAKE_AR} t ${archive} OUTPUT_VARIABLE members
    COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" members "${members}")
  get_filename_component(name ${archive} NAME_WE)
  set(folder ${PROJECT_BINARY_DIR}/${name})
  file(MAKE_DIRECTORY ${folder})
  list(TRANSFORM members PREPEND ${folder}/)
  add_custom_command(OUTPUT ${members}
    COMMAND ${CMAKE_AR} x ${archive} WORKING_DIRECTORY ${folder}
    DEPENDS ${archive} COMMENT "Taking the objects of ${name}" VERBATIM)
  set_source_files_properties(${members} TARGET_DIRECTORY ${room}
    PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${objects} ${members} PARENT_SCOPE)
endfunction()
