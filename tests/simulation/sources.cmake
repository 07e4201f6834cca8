if(TARGET coppice AND TARGET coppice_authority)
  add_subdirectory(simulation)
  set(COPPICE_SIMULATION_TESTS
    simulation/model_test.cpp
    simulation/scenarios_test.cpp
  simulation/transfer_scenarios_test.cpp
    simulation/schedules_test.cpp)
  list(APPEND COPPICE_SIMULATION_TEST_LIBRARIES coppice_simulation)
endif()
