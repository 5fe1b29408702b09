#pragma once

#include <string>
#include <vector>

namespace quern {

/// What an algorithm changed.
struct PtqReport {
  int layers = 0;                  ///< That were changed.
  std::vector<std::string> notes;  ///< One sentence each: what was left out, and why.
};

}  // namespace quern
