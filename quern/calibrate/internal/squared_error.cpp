#include "quern/calibrate/internal/squared_error.h"

#include <array>

#include "quern/quantizers/fake_quant.h"
#include "quern/quantizers/pointwise_kernels.h"
#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

/// Element i is added to sum i mod 16: as many as the widest registers hold, so that every ISA adds
/// in the same order.
constexpr std::int64_t kSums = 16;

struct Grid {
  float scale;
  float qmin;
  float qmax;
};

[[gnu::always_inline]] inline double error_of(float x, const Grid& grid) {
  return x - round_half_even(clamp(x / grid.scale, grid.qmin, grid.qmax)) * grid.scale;
}

/// Adds the squares of `count` errors, a multiple of kSums, to `sums`.
[[gnu::always_inline]] inline void body(const float* x, std::int64_t count, const Grid& grid,
                                        double* sums) {
  for (std::int64_t start = 0; start < count; start += kSums) {
    for (std::int64_t i = 0; i < kSums; ++i) {
      const double error = error_of(x[start + i], grid);
      sums[i] += error * error;
    }
  }
}

void portable(const float* x, std::int64_t count, const Grid& grid, double* sums) {
  body(x, count, grid, sums);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void avx2(const float* x, std::int64_t count, const Grid& grid,
                                  double* sums) {
  body(x, count, grid, sums);
}

[[gnu::target("avx512f,prefer-vector-width=512")]] void avx512(const float* x, std::int64_t count,
                                                               const Grid& grid, double* sums) {
  body(x, count, grid, sums);
}
#endif

using Kernel = void (*)(const float*, std::int64_t, const Grid&, double*);

Kernel kernel(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return avx2;
  if (isa == Isa::kAvx512) return avx512;
#endif
  (void)isa;
  return portable;
}

}  // namespace

double squared_error(std::span<const float> x, const QuantSpec& spec, float scale, Isa isa) {
  std::array<double, kSums> sums = {};
  std::int64_t done = 0;
  if (kernel_rounds(spec)) {
    done = std::ssize(x) - std::ssize(x) % kSums;
    const Grid grid{scale, static_cast<float>(spec.qmin()), static_cast<float>(spec.qmax())};
    kernel(isa)(x.data(), done, grid, sums.data());
  }
  for (auto i = static_cast<std::size_t>(done); i < x.size(); ++i) {
    const double error = x[i] - fake_quant(x[i], spec, scale);
    sums[i % kSums] += error * error;
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace quern
