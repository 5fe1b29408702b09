#include "quern/ptq/internal/tap_products.h"

#include <cstring>

#include "quern/base/isa.h"

namespace quern::internal {
namespace {

/// One channel in each lane; wider than the registers of some instruction sets.
using Lanes [[gnu::vector_size(kTapLanes * sizeof(float))]] = float;

[[gnu::always_inline]] inline void body(const float* const* a, const float* const* b,
                                        std::int64_t windows, std::int64_t step, float* sums) {
  Lanes held[kTapTile][kTapTile] = {};
  for (std::int64_t w = 0; w < windows; ++w) {
    Lanes x[kTapTile];
    for (std::int64_t i = 0; i < kTapTile; ++i) std::memcpy(&x[i], a[i] + w * step, sizeof(Lanes));
    for (std::int64_t j = 0; j < kTapTile; ++j) {
      Lanes y;
      std::memcpy(&y, b[j] + w * step, sizeof(Lanes));
      for (std::int64_t i = 0; i < kTapTile; ++i) held[i][j] += x[i] * y;
    }
  }
  for (std::int64_t i = 0; i < kTapTile; ++i) {
    for (std::int64_t j = 0; j < kTapTile; ++j) {
      float* const sum = sums + (i * kTapTile + j) * kTapLanes;
      Lanes total;
      std::memcpy(&total, sum, sizeof(Lanes));
      total += held[i][j];
      std::memcpy(sum, &total, sizeof(Lanes));
    }
  }
}

void portable(const float* const* a, const float* const* b, std::int64_t windows, std::int64_t step,
              float* sums) {
  body(a, b, windows, step, sums);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void avx2(const float* const* a, const float* const* b,
                                  std::int64_t windows, std::int64_t step, float* sums) {
  body(a, b, windows, step, sums);
}

[[gnu::target("avx512f")]] void avx512(const float* const* a, const float* const* b,
                                       std::int64_t windows, std::int64_t step, float* sums) {
  body(a, b, windows, step, sums);
}
#endif

TapProducts kernel(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return avx2;
  if (isa == Isa::kAvx512) return avx512;
#endif
  (void)isa;
  return portable;
}

}  // namespace

TapProducts tap_products() {
  static const TapProducts chosen = kernel(active_isa());
  return chosen;
}

}  // namespace quern::internal
