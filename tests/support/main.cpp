// The test programs' main(), for Catch2 2, which has it in its header. It compiles once, for it
// takes longer than any test file. Catch2 3 brings a library for this, and this file is left out.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
