#pragma once

#include <map>
#include <string>

namespace quern::internal {

/// Texts by their path.
using TextFiles = std::map<std::string, std::string>;

/// The files of quern/runtime as they were at build time, by the path that they include each other
/// with.
const TextFiles& runtime_files();

/// What stands beside every exported network: Makefile, self-test, and how to start on a machine.
const TextFiles& program_files();

}  // namespace quern::internal
