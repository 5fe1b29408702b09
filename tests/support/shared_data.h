#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace quern::test {

/// A folder of the reference data: below $QUERN_DATA, or below shared/data beside the source tree.
/// Tests that need it skip where it is not at hand.
inline std::filesystem::path shared_data(const std::string& folder) {
  const char* const named = std::getenv("QUERN_DATA");
  return std::filesystem::path(named != nullptr ? named : "../shared/data") / folder;
}

}  // namespace quern::test
