#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern::internal {

/// A grid whose codes are a byte each: numbers on it are kept in a quarter of their memory.
class ByteCodes {
 public:
  /// Of the grid that `value` is on in this mode; none where it is on none, or on one of more bits
  /// or several scales.
  static std::optional<ByteCodes> of(const Graph& graph, QuantMode mode, ValueId value);

  std::vector<std::byte> encode(std::span<const float> numbers) const;
  /// The same numbers again, bit for bit.
  void decode(std::span<const std::byte> codes, std::span<float> numbers) const;

 private:
  float scale_ = 1;
  float zero_point_ = 0;
  float lowest_ = 0;  ///< The code that is kept as 0.
};

}  // namespace quern::internal
