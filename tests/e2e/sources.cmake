set(COPPICE_E2E_TESTS
  e2e/bad_command_test.cpp
  e2e/bad_server_test.cpp
  e2e/borrowing_command_test.cpp
  e2e/chaos_test.cpp
  e2e/check_test.cpp
  e2e/client_crash_test.cpp
  e2e/command_test.cpp
  e2e/import_test.cpp
  e2e/line.cpp
  e2e/network_test.cpp
  e2e/lifecycle_command_test.cpp
  e2e/query_command_test.cpp
  e2e/schema_command_test.cpp
  e2e/server_crash_test.cpp
  e2e/site.cpp
  e2e/story_test.cpp
  e2e/stranger_test.cpp
  e2e/sync_test.cpp
  e2e/transfer_command_test.cpp
  e2e/user_command_test.cpp
  support/process.cpp
  wire/raw_socket.cpp)

# A client in a process of its own, to be killed while it writes.
if(TARGET coppice AND TARGET coppice_test_schemas)
  coppice_program(coppice_e2e_writer SOURCES ${CMAKE_CURRENT_LIST_DIR}/writer.cpp LINK coppice coppice_test_schemas)
  # One that works on line, to be killed with its server.
  coppice_program(coppice_e2e_worker SOURCES ${CMAKE_CURRENT_LIST_DIR}/worker.cpp LINK coppice coppice_test_schemas)
  list(APPEND COPPICE_E2E_TEST_DEFINITIONS
    COPPICE_WRITER_PROGRAM="$<TARGET_FILE:coppice_e2e_writer>"
    COPPICE_WORKER_PROGRAM="$<TARGET_FILE:coppice_e2e_worker>")
  list(APPEND COPPICE_E2E_TEST_DEPENDENCIES coppice_e2e_writer coppice_e2e_worker)
endif()
