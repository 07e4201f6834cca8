# coppice_capnp(TARGET BASE_DIR dir FILES a.capnp ...): plain Cap'n Proto C++ for Coppice's own schemas.
# Paths are relative to BASE_DIR, which is also the import path ("/coppice/tree.capnp").
function(coppice_capnp target)
  cmake_parse_arguments(ARG "" "BASE_DIR" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
  set(sources)
  foreach(file ${ARG_FILES})
    set(source ${ARG_BASE_DIR}/${file})
    set(produced ${out}/${file}.h ${out}/${file}.c++)
    add_custom_command(OUTPUT ${produced}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${CAPNP_EXECUTABLE} compile -oc++:${out} -I${ARG_BASE_DIR} -I${CAPNP_INCLUDE_DIRECTORY} --src-prefix=${ARG_BASE_DIR} ${source}
      DEPENDS ${source}
      COMMENT "Compiling ${file}" VERBATIM)
    list(APPEND sources ${produced})
  endforeach()
  target_sources(${target} PRIVATE ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
endfunction()
