#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

/// The grid of an activation as an integer network stores it: codes from 0 up in 8, 4 or 2 bits.
struct Grid {
  QuantSpec spec;
  float scale = 1;
  std::int32_t zero_point = 0;  ///< The grid's own code of the real value 0.

  /// Width of a stored code: the smallest of 2, 4 and 8 that holds every code (unit: bits).
  int stored_bits() const;
  /// The grid's own code that is stored as 0: −2^(bits − 1) of a signed grid, −1 of a bipolar one.
  std::int32_t first_code() const;

  /// Smallest and largest stored code, and that of the real value 0.
  std::int32_t low() const;
  std::int32_t high() const;
  std::int32_t stored_zero() const { return zero_point - first_code(); }

  /// The stored code of a real value: what fake_quant decides, in float32.
  std::int32_t code_of(float x) const;
  /// The real value of a stored code, as fake_quant gives it.
  float real(std::int32_t code) const;

  bool operator==(const Grid&) const = default;
};

/// The grid of a Quant node on an activation. @throws Error(kUnsupported) naming the layer where it
/// has more than 8 bits, a scale per channel, or a zero point outside of its codes.
Grid grid_of(const Graph& graph, const Node& quant);

}  // namespace quern
