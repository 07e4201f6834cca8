set(COPPICE_FUZZ_TARGET_SOURCES
  fuzz/frames.cpp
  fuzz/schemas.cpp
  fuzz/shop_trees.cpp
  fuzz/sockets.cpp
  fuzz/targets.cpp
  fuzz/texts.cpp
  fuzz/values.cpp
  fuzz/world.cpp)
set(COPPICE_FUZZ_TESTS fuzz/corpus_test.cpp ${COPPICE_FUZZ_TARGET_SOURCES})
