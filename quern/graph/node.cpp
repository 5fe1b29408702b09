#include "quern/graph/node.h"

#include <fmt/ranges.h>

namespace quern {

Dims fixed_dims(const Shape& shape) {
  Dims dims;
  for (const std::int64_t extent : shape) dims.push_back({extent, ""});
  return dims;
}

std::string to_string(const Dims& dims) {
  std::vector<std::string> parts;
  for (const Dim& dim : dims) {
    parts.push_back(dim.is_fixed() ? std::to_string(dim.size)
                                   : (dim.symbol.empty() ? "?" : dim.symbol));
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

}  // namespace quern
