// The pointwise pass, compiled once per instruction set from one body.
//
// Every ISA gives the same bits: the body consists of single IEEE operations per element (nothing
// is reassociated, and contraction into fused multiply-adds is off for the whole library), and
// rounding is an addition and a subtraction instead of an instruction that older ISAs lack.
#include "quern/quantizers/pointwise_kernels.h"

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

template <bool kAffine, bool kClip, bool kQuant>
[[gnu::always_inline]] inline void period(const PointwiseLanes& p, const float* x, float* y,
                                          std::int64_t count) {
  const float qmin = p.qmin;
  const float qmax = p.qmax;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    float v = x[i];
    if constexpr (kAffine) v = v * p.multiplier[i] + p.offset[i];
    if constexpr (kClip) v = clamp(v, p.low[i], p.high[i]);
    if constexpr (kQuant) {
      const float q = round_half_even(clamp(v / p.scale[i] + p.zero_point[i], qmin, qmax));
      v = (q - p.zero_point[i]) * p.scale[i];
    }
    y[i] = v;
  }
}

template <bool kAffine, bool kClip, bool kQuant>
[[gnu::always_inline]] inline void periods(const PointwiseLanes& p, const float* x, float* y,
                                           std::int64_t count) {
  for (std::int64_t start = 0; start < count; start += p.period) {
    const std::int64_t left = count - start;
    period<kAffine, kClip, kQuant>(p, x + start, y + start, left < p.period ? left : p.period);
  }
}

[[gnu::always_inline]] inline void body(const PointwiseLanes& p, const float* x, float* y,
                                        std::int64_t count) {
  const bool affine = p.multiplier != nullptr;
  const bool clip = p.low != nullptr;
  if (p.scale != nullptr) {
    if (affine && clip) return periods<true, true, true>(p, x, y, count);
    if (affine) return periods<true, false, true>(p, x, y, count);
    if (clip) return periods<false, true, true>(p, x, y, count);
    return periods<false, false, true>(p, x, y, count);
  }
  if (affine && clip) return periods<true, true, false>(p, x, y, count);
  if (affine) return periods<true, false, false>(p, x, y, count);
  if (clip) return periods<false, true, false>(p, x, y, count);
  return periods<false, false, false>(p, x, y, count);
}

void portable(const PointwiseLanes& p, const float* x, float* y, std::int64_t count) {
  body(p, x, y, count);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void avx2(const PointwiseLanes& p, const float* x, float* y,
                                  std::int64_t count) {
  body(p, x, y, count);
}

[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void avx512(
    const PointwiseLanes& p, const float* x, float* y, std::int64_t count) {
  body(p, x, y, count);
}
#endif

}  // namespace

bool kernel_rounds(const QuantSpec& grid) {
  constexpr std::int64_t kLimit = 1 << 22;
  return grid.rounding == Rounding::kHalfEven && !grid.is_bipolar() && grid.qmin() >= -kLimit &&
         grid.qmax() <= kLimit;
}

PointwiseKernel pointwise_kernel(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return avx2;
  if (isa == Isa::kAvx512) return avx512;
#endif
  (void)isa;
  return portable;
}

}  // namespace quern
