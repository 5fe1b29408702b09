#pragma once

#include <string>

#include "quern/base/error.h"

namespace quern::cli {

/// What `verify` ends with where forms of one network differ that should not: a verdict rather than
/// a failure, with an exit code of its own.
class Difference : public Error {
 public:
  explicit Difference(const std::string& message) : Error(ErrorCode::kInvalidArgument, message) {}
};

}  // namespace quern::cli
