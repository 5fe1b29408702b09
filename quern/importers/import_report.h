#pragma once

#include <string>
#include <vector>

namespace quern {

/// What a reader of a foreign file wants its user to know.
struct ImportReport {
  std::vector<std::string> warnings;  ///< One sentence each, naming the layer.
};

}  // namespace quern
