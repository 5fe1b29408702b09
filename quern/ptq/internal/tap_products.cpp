#include "quern/ptq/internal/tap_products.h"

#include "quern/base/isa.h"

namespace quern::internal {
namespace {

[[gnu::always_inline]] inline void body(const float* const* a, const float* const* b,
                                        std::int64_t taps, std::int64_t channels, bool symmetric,
                                        float* sums) {
  for (std::int64_t i = 0; i < taps; ++i) {
    if (a[i] == nullptr) continue;
    for (std::int64_t j = symmetric ? i : 0; j < taps; ++j) {
      if (b[j] == nullptr) continue;
      const float* const x = a[i];
      const float* const y = b[j];
      float* const sum = sums + (i * taps + j) * kTapChannels;
      if (channels == kTapChannels) {
#pragma GCC ivdep
        for (std::int64_t c = 0; c < kTapChannels; ++c) sum[c] += x[c] * y[c];
      } else {
#pragma GCC ivdep
        for (std::int64_t c = 0; c < channels; ++c) sum[c] += x[c] * y[c];
      }
    }
  }
}

void portable(const float* const* a, const float* const* b, std::int64_t taps,
              std::int64_t channels, bool symmetric, float* sums) {
  body(a, b, taps, channels, symmetric, sums);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void avx2(const float* const* a, const float* const* b, std::int64_t taps,
                                  std::int64_t channels, bool symmetric, float* sums) {
  body(a, b, taps, channels, symmetric, sums);
}

[[gnu::target("avx512f,prefer-vector-width=512")]] void avx512(const float* const* a,
                                                               const float* const* b,
                                                               std::int64_t taps,
                                                               std::int64_t channels,
                                                               bool symmetric, float* sums) {
  body(a, b, taps, channels, symmetric, sums);
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
  static const TapProducts kKernel = kernel(active_isa());
  return kKernel;
}

}  // namespace quern::internal
