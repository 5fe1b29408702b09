#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace quern {

/// Files in the place of a program's standard streams.
struct Streams {
  std::filesystem::path input = "/dev/null";
  std::filesystem::path output = "/dev/null";  ///< Replaced.
  std::filesystem::path errors = "/dev/null";  ///< Replaced.
};

/// Runs a program, found on the PATH by the first of its arguments, and waits for it.
/// @return its exit code, or 128 + the signal that ended it.
/// @throws Error(kIo) naming the program if it can not be started.
int run_process(const std::vector<std::string>& arguments, const Streams& streams = {});

}  // namespace quern
