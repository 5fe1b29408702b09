// The differentiable pointwise pass, compiled once per instruction set from one body; all give the
// same bits, as in pointwise_kernels.cpp: sums are kept lane by lane, so nothing is reassociated.
#include "quern/quantizers/pointwise_gradient.h"

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

/// What a pass does behind its clip.
enum class Grid : std::uint8_t { kNone, kRounded, kMixed, kBipolar };

/// What backward passes need of one element.
struct Gradient {
  float g;       ///< By u.
  float dscale;  ///< By the scale.
};

template <Grid kGrid>
struct Element {
  const GradientPass own;

  [[gnu::always_inline]] float u(float x, std::int64_t i) const {
    return x * own.multiplier[i] + own.offset[i];
  }

  [[gnu::always_inline]] bool keeps(std::uint32_t position) const {
    return kGrid == Grid::kMixed && drawn(own.seed, position) < own.keep;
  }

  [[gnu::always_inline]] float rounded(float clamped) const {
    if constexpr (kGrid == Grid::kBipolar) return clamped >= 0 ? 1.0F : -1.0F;
    return round_half_even(clamped);
  }

  [[gnu::always_inline]] float forward(float x, std::int64_t i, std::uint32_t position) const {
    const float v = clamp(u(x, i), own.low, own.high);
    if constexpr (kGrid == Grid::kNone) return v;
    const float code = clamp(v / own.scale + own.zero_point, own.qmin, own.qmax);
    const float y = (rounded(code) - own.zero_point) * own.scale;
    return keeps(position) ? v : y;
  }

  [[gnu::always_inline]] Gradient backward(float x, float dy, std::int64_t i,
                                           std::uint32_t position) const {
    const float unclipped = u(x, i);
    const float v = clamp(unclipped, own.low, own.high);
    Gradient result{dy, 0};
    if constexpr (kGrid != Grid::kNone) {
      const float code = v / own.scale + own.zero_point;
      const float clamped = clamp(code, own.qmin, own.qmax);
      const bool is_inside = clamped == code;
      const bool is_kept = keeps(position);
      const float within = own.learns_step ? rounded(code) - code : 0.0F;
      const float slope = is_inside ? within : clamped - own.zero_point;
      result.dscale = is_kept ? 0.0F : dy * slope;
      result.g = is_kept || is_inside ? dy : 0.0F;
    }
    result.g = unclipped == v ? result.g : 0.0F;
    return result;
  }
};

// --- one period of each kind of work ------------------------------------------------------------

template <Grid kGrid>
[[gnu::always_inline]] inline void period(const Element<kGrid>& element, const PassForward& work,
                                          std::int64_t start, std::int64_t count) {
  const float* const x = work.x + start;
  float* const y = work.y + start;
  const auto position = element.own.first + static_cast<std::uint32_t>(start);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    y[i] = element.forward(x[i], i, position + static_cast<std::uint32_t>(i));
  }
}

template <Grid kGrid>
[[gnu::always_inline]] inline void period(const Element<kGrid>& element, const PassBackward& work,
                                          std::int64_t start, std::int64_t count) {
  const float* const x = work.x + start;
  const float* const dy = work.dy + start;
  float* const dx = work.dx + start;
  float* const dscale = work.dscale;
  const float* const multiplier = element.own.multiplier;
  const auto position = element.own.first + static_cast<std::uint32_t>(start);
  if (dscale == nullptr) {
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = position + static_cast<std::uint32_t>(i);
      dx[i] = element.backward(x[i], dy[i], i, at).g * multiplier[i];
    }
    return;
  }
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = position + static_cast<std::uint32_t>(i);
    const Gradient gradient = element.backward(x[i], dy[i], i, at);
    dscale[i] += gradient.dscale;
    dx[i] = gradient.g * multiplier[i];
  }
}

template <Grid kGrid>
[[gnu::always_inline]] inline void period(const Element<kGrid>& element, const PassMoments& work,
                                          std::int64_t start, std::int64_t count) {
  const float* const x = work.x + start;
  const float* const shift = work.shift;
  float* const sum = work.sums;
  float* const squares = work.sums + element.own.period;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const float centred = x[i] - shift[i];
    sum[i] += centred;
    squares[i] += centred * centred;
  }
}

template <Grid kGrid>
[[gnu::always_inline]] inline void period(const Element<kGrid>& element, const PassReduction& work,
                                          std::int64_t start, std::int64_t count) {
  const float* const x = work.x + start;
  const float* const dy = work.dy + start;
  const float* const mean = work.mean;
  float* const sum = work.sums;
  float* const product = sum + element.own.period;
  float* const dscale = product + element.own.period;
  const auto position = element.own.first + static_cast<std::uint32_t>(start);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = position + static_cast<std::uint32_t>(i);
    const Gradient gradient = element.backward(x[i], dy[i], i, at);
    sum[i] += gradient.g;
    product[i] += gradient.g * (x[i] - mean[i]);
    if constexpr (kGrid != Grid::kNone) dscale[i] += gradient.dscale;
  }
}

template <Grid kGrid>
[[gnu::always_inline]] inline void period(const Element<kGrid>& element,
                                          const PassNormBackward& work, std::int64_t start,
                                          std::int64_t count) {
  const float* const x = work.x + start;
  const float* const dy = work.dy + start;
  float* const dx = work.dx + start;
  const float* const mean = work.mean;
  const float* const slope = work.slope;
  const float* const intercept = work.intercept;
  const float* const multiplier = element.own.multiplier;
  const auto position = element.own.first + static_cast<std::uint32_t>(start);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = position + static_cast<std::uint32_t>(i);
    const float g = element.backward(x[i], dy[i], i, at).g;
    dx[i] = g * multiplier[i] + ((x[i] - mean[i]) * slope[i] + intercept[i]);
  }
}

// --- all periods, for every instruction set -----------------------------------------------------

template <Grid kGrid, class Work>
[[gnu::always_inline]] inline void periods(const GradientPass& pass, const Work& work,
                                           std::int64_t count) {
  const Element<kGrid> element{pass};
  for (std::int64_t start = 0; start < count; start += pass.period) {
    const std::int64_t left = count - start;
    period(element, work, start, left < pass.period ? left : pass.period);
  }
}

template <class Work>
[[gnu::always_inline]] inline void body(const GradientPass& pass, const Work& work,
                                        std::int64_t count) {
  if (pass.scale == 0) return periods<Grid::kNone>(pass, work, count);
  if (pass.bipolar) return periods<Grid::kBipolar>(pass, work, count);
  if (pass.keep == 0) return periods<Grid::kRounded>(pass, work, count);
  periods<Grid::kMixed>(pass, work, count);
}

#if defined(__x86_64__)
template <class Work>
[[gnu::target("avx2")]] void avx2(const GradientPass& pass, const Work& work, std::int64_t count) {
  body(pass, work, count);
}

template <class Work>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void avx512(
    const GradientPass& pass, const Work& work, std::int64_t count) {
  body(pass, work, count);
}
#endif

template <class Work>
void run_on(const GradientPass& pass, const Work& work, std::int64_t count, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(pass, work, count);
  if (isa == Isa::kAvx2) return avx2(pass, work, count);
#endif
  (void)isa;
  body(pass, work, count);
}

}  // namespace

void run(const GradientPass& pass, const PassForward& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}
void run(const GradientPass& pass, const PassBackward& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}
void run(const GradientPass& pass, const PassMoments& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}
void run(const GradientPass& pass, const PassReduction& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}
void run(const GradientPass& pass, const PassNormBackward& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}

}  // namespace quern
