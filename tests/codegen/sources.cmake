set(COPPICE_CODEGEN_TESTS
  codegen/compile.cpp
  codegen/errors_test.cpp
  codegen/golden_test.cpp
  codegen/plugin_test.cpp
  codegen/shop_test.cpp)

add_subdirectory(codegen/schemas)
foreach(kind UNIT SIMULATION E2E)
  list(APPEND COPPICE_${kind}_TEST_LIBRARIES coppice_test_schemas)
endforeach()
list(APPEND COPPICE_UNIT_TEST_LIBRARIES coppice_codegen)
list(APPEND COPPICE_UNIT_TEST_DEPENDENCIES capnpc-coppice)
list(APPEND COPPICE_UNIT_TEST_DEFINITIONS
  COPPICE_CAPNP="${CAPNP_EXECUTABLE}"
  COPPICE_CAPNP_INCLUDE="${CAPNP_INCLUDE_DIRECTORY}"
  COPPICE_PLUGIN="$<TARGET_FILE:capnpc-coppice>")
