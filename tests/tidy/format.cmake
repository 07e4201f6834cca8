# cmake -DSOURCE_DIR=... -DMODE=check|fix -P format.cmake
# Checks, or sets right, the formatting of all C++ files. Golden files are what a program wrote.
cmake_minimum_required(VERSION 3.25)

# Releases of clang-format disagree about some lines, so one has to be the judge: Debian 12's.
set(judge 14)

find_program(clang_format NAMES clang-format-${judge} clang-format)
if(NOT clang_format)
  message("not checked: clang-format is not installed")
  return()
endif()
execute_process(COMMAND ${clang_format} --version OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${version}" version)
if(NOT version MATCHES "version ${judge}\\.")
  message("not checked: needs clang-format ${judge}, and this is ${version}")
  return()
endif()

set(files)
foreach(folder schema store wire server client codegen viewer examples tests bench)
  file(GLOB_RECURSE found ${SOURCE_DIR}/${folder}/*.h ${SOURCE_DIR}/${folder}/*.cpp)
  list(APPEND files ${found})
endforeach()
list(FILTER files EXCLUDE REGEX "/golden/")

if(MODE STREQUAL "fix")
  set(arguments -i)
else()
  set(arguments --dry-run -Werror)
endif()
execute_process(COMMAND ${clang_format} ${arguments} ${files} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "Not formatted as .clang-format says: run ./dev format")
endif()
list(LENGTH files count)
message("${count} files are formatted")
