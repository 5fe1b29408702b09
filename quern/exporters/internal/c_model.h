#pragma once

#include <string>

#include "quern/engine/int_model.h"

namespace quern::internal {

/// The network itself.
struct CModel {
  std::string header;  ///< model.h
  std::string source;  ///< model.c
};

CModel c_model(const IntModel& model);

}  // namespace quern::internal
