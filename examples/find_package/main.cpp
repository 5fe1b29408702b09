#include <fmt/format.h>

#include <cmath>

#include "quern/quant/spec.h"

int main() {
  const quern::QuantSpec spec{.bits = 4, .narrow_range = true};
  const double scale = 1.4 / static_cast<double>(spec.threshold_code());
  fmt::print("0.3 on the grid {} with threshold 1.4 is {} * {}\n", quern::to_string(spec),
             std::nearbyint(0.3 / scale), scale);
}
