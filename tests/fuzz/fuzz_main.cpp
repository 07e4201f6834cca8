// One target as libFuzzer calls it; COPPICE_FUZZ_TARGET is its name.

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  static const auto* target = coppice::fuzz::find_target(COPPICE_FUZZ_TARGET);
  target->run(std::as_bytes(std::span(bytes, size_bytes)));
  return 0;
}
