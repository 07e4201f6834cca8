set(COPPICE_EXAMPLES_TESTS
  examples/creation_order_test.cpp
  examples/library_test.cpp
  examples/line_reader_test.cpp
  examples/migration_test.cpp
  examples/report_test.cpp
  examples/tsv_test.cpp
  examples/where_used_test.cpp)
list(APPEND COPPICE_UNIT_TEST_LIBRARIES coppice_contacts coppice_ldraw coppice_migration PkgConfig::ZSTD)
