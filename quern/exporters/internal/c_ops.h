#pragma once

#include <cstdint>
#include <string>

#include "quern/engine/int_model.h"

namespace quern::internal {

/// The ops of a model in C.
struct COps {
  std::string constants;            ///< Arrays and structs, in the order of the ops.
  std::string cases;                ///< `case 0:` … of a switch over the op.
  std::int64_t constant_bytes = 0;  ///< Of the arrays.
};

COps c_ops(const IntModel& model);

}  // namespace quern::internal
