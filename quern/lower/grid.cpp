#include "quern/lower/grid.h"

#include <algorithm>
#include <cmath>

#include "quern/lower/refusal.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr int kMostBits = 8;

template <class T>
bool is_uniform(const std::vector<T>& values) {
  return std::ranges::all_of(values, [&](T value) { return value == values.front(); });
}

}  // namespace

int Grid::stored_bits() const { return spec.bits <= 2 ? 2 : spec.bits <= 4 ? 4 : 8; }

std::int32_t Grid::first_code() const {
  return spec.is_signed ? -(std::int32_t{1} << (spec.bits - 1)) : 0;
}

std::int32_t Grid::low() const { return static_cast<std::int32_t>(spec.qmin()) - first_code(); }
std::int32_t Grid::high() const { return static_cast<std::int32_t>(spec.qmax()) - first_code(); }

std::int32_t Grid::code_of(float x) const {
  const float y = fake_quant(x, spec, scale, static_cast<float>(zero_point));
  // On the grid: the quotient is an integer but for the rounding of a division.
  return static_cast<std::int32_t>(std::lround(double{y} / double{scale})) + stored_zero();
}

float Grid::real(std::int32_t code) const {
  return static_cast<float>(code - stored_zero()) * scale;
}

Grid grid_of(const Graph& graph, const Node& quant) {
  const Quantizer& entry = graph.quantizer(quant.quantizer);
  const QuantParams params = graph.params(entry.id);
  if (entry.spec.bits > kMostBits) {
    refuse(quant, fmt::format("activations of {} bits", entry.spec.bits),
           "at most 8 bits can be stored");
  }
  if (!is_uniform(params.scale) || !is_uniform(params.zero_point)) {
    refuse(quant, "an activation with a scale per channel",
           "one scale, with equalize_activations to even the channels out, can be lowered");
  }
  const Grid grid{entry.spec, params.scale[0], params.zero_point[0]};
  if (grid.zero_point < entry.spec.qmin() || grid.zero_point > entry.spec.qmax()) {
    refuse(
        quant, fmt::format("the zero point {}", grid.zero_point),
        fmt::format("a code from {} to {} can be lowered", entry.spec.qmin(), entry.spec.qmax()));
  }
  return grid;
}

}  // namespace quern
