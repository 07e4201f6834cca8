# coppice_generate(TARGET schema.capnp... [IMPORTS folder|file...])
#
# Compiles an application's schemas into TARGET, as plain Cap'n Proto C++ and as Coppice's typed trees: for
# part.capnp its sources get part.capnp.c++ and part.coppice.cpp, and it and all that link it can write
#
#   #include "part.capnp.h"
#   #include "part.coppice.h"
#
# Paths are relative to the current source folder, and keep their folders ("shapes/part.capnp" becomes
# "shapes/part.coppice.h"). A file from elsewhere, given by its absolute path, comes without its folders.
#
# Schemas import each other by relative paths, or by absolute ones ("/coppice/tree.capnp", "/capnp/c++.capnp") out of
# Coppice's and Cap'n Proto's own folders and those named after IMPORTS. A schema in such a folder keeps its path within
# it, since that is what the C++ of its importers includes. When a schema in such a folder, a file named after IMPORTS or
# one of the same call changes, everything that could import it is compiled again.
#
# REQUIRES: called in the folder that defines TARGET, which links with the PUBLIC or PRIVATE keywords, if at all.
function(coppice_generate target)
  cmake_parse_arguments(ARG "" "" "IMPORTS" ${ARGN})
  coppice_check_generate_target(${target})

  set(out ${CMAKE_CURRENT_BINARY_DIR}/coppice_generated/${target})
  file(MAKE_DIRECTORY ${out})
  get_target_property(coppice_schema_folder coppice_schema SOURCE_DIR)
  set(import_folders)
  set(depends capnpc-coppice ${coppice_schema_folder}/coppice/tree.capnp)
  coppice_collect_imports(import_folders depends ${ARG_IMPORTS})
  set(import_flags -I${coppice_schema_folder} -I${CAPNP_INCLUDE_DIRECTORY})
  foreach(folder ${import_folders})
    list(APPEND import_flags -I${folder})
  endforeach()

  set(sources)
  foreach(schema ${ARG_UNPARSED_ARGUMENTS})
    cmake_path(ABSOLUTE_PATH schema NORMALIZE OUTPUT_VARIABLE source)
    list(APPEND sources ${source})
  endforeach()
  foreach(source ${sources})
    coppice_find_prefix(prefix ${source} ${import_folders} ${CMAKE_CURRENT_SOURCE_DIR})
    coppice_generate_one(${target} ${source} ${prefix} ${out} "${import_flags}" "${depends};${sources}")
  endforeach()

  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC coppice_schema)
endfunction()

# Custom commands are only seen by targets of the same folder; a call from elsewhere would fail much later, and oddly.
function(coppice_check_generate_target target)
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR
      "coppice_generate(${target}) was called in ${CMAKE_CURRENT_SOURCE_DIR}, but ${target} is defined in ${folder}: "
      "call it there.")
  endif()
endfunction()

# Appends to the variables of these names what the folders and files of IMPORTS mean.
function(coppice_collect_imports folders_name depends_name)
  foreach(import ${ARGN})
    cmake_path(ABSOLUTE_PATH import NORMALIZE)
    if(IS_DIRECTORY ${import})
      list(APPEND ${folders_name} ${import})
      file(GLOB_RECURSE schemas CONFIGURE_DEPENDS ${import}/*.capnp)
      list(APPEND ${depends_name} ${schemas})
    else()
      list(APPEND ${depends_name} ${import})
    endif()
  endforeach()
  set(${folders_name} ${${folders_name}} PARENT_SCOPE)
  set(${depends_name} ${${depends_name}} PARENT_SCOPE)
endfunction()

# Sets the variable of this name to the first of these folders that a file is in, or else to the file's own.
function(coppice_find_prefix prefix_name source)
  foreach(folder ${ARGN})
    cmake_path(IS_PREFIX folder ${source} NORMALIZE is_inside)
    if(is_inside)
      set(${prefix_name} ${folder} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  cmake_path(GET source PARENT_PATH folder)
  set(${prefix_name} ${folder} PARENT_SCOPE)
endfunction()

# The command for one schema, whose products become sources of the target.
function(coppice_generate_one target source prefix out import_flags depends)
  cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${prefix} OUTPUT_VARIABLE name)
  cmake_path(REMOVE_EXTENSION name LAST_ONLY OUTPUT_VARIABLE stem)

  set(capnp_files ${out}/${name}.h ${out}/${name}.c++)
  set(coppice_files ${out}/${stem}.coppice.h ${out}/${stem}.coppice.cpp)
  list(REMOVE_DUPLICATES depends)
  add_custom_command(OUTPUT ${capnp_files} ${coppice_files}
    COMMAND ${CAPNP_EXECUTABLE} compile -oc++:${out} -o$<TARGET_FILE:capnpc-coppice>:${out}
      --src-prefix=${prefix} ${import_flags} ${source}
    DEPENDS ${depends}
    COMMENT "Generating C++ of ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${capnp_files} ${coppice_files})
  # What Cap'n Proto writes is not ours to keep free of warnings.
  set_source_files_properties(${out}/${name}.c++ PROPERTIES COMPILE_OPTIONS -w)
endfunction()
