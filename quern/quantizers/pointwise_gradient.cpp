// The differentiable pointwise pass, compiled once per instruction set from one body; all give the
// same bits, as in pointwise_kernels.cpp.
#include "quern/quantizers/pointwise_gradient.h"

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

struct Forward {
  template <bool kQuant, bool kKeep>
  [[gnu::always_inline]] void period(const GradientPass& p, std::int64_t start,
                                     std::int64_t count) const {
    const float* const from = x + start;
    float* const to = y + start;
    const auto position = static_cast<std::uint32_t>(start);
    const float inverse = kQuant ? 1 / p.scale : 0;
    const GradientPass own = p;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
      float v = clamp(from[i] * own.multiplier[i] + own.offset[i], own.low, own.high);
      if constexpr (kQuant) {
        const float code = clamp(v * inverse + own.zero_point, own.qmin, own.qmax);
        const float rounded = (round_half_even(code) - own.zero_point) * own.scale;
        const bool keeps =
            kKeep && drawn(own.seed, position + static_cast<std::uint32_t>(i)) < own.keep;
        v = keeps ? v : rounded;
      }
      to[i] = v;
    }
  }

  const float* x;
  float* y;
};

template <bool kScale>
struct Backward {
  template <bool kQuant, bool kKeep>
  [[gnu::always_inline]] void period(const GradientPass& p, std::int64_t start,
                                     std::int64_t count) const {
    const float* const from = x + start;
    const float* const gradient = dy + start;
    float* const to = dx + start;
    float* const sum = dscale;
    const auto position = static_cast<std::uint32_t>(start);
    const float inverse = kQuant ? 1 / p.scale : 0;
    const GradientPass own = p;
#pragma GCC ivdep
    for (std::int64_t i = 0; i < count; ++i) {
      const float u = from[i] * own.multiplier[i] + own.offset[i];
      const float v = clamp(u, own.low, own.high);
      float g = gradient[i];
      if constexpr (kQuant) {
        const float code = v * inverse + own.zero_point;
        const float clamped = clamp(code, own.qmin, own.qmax);
        const bool keeps =
            kKeep && drawn(own.seed, position + static_cast<std::uint32_t>(i)) < own.keep;
        const bool inside = clamped == code;
        if constexpr (kScale) {
          // Inside: round(v/s) − v/s; outside: the bound's code, which is `clamped`.
          const float slope = inside ? round_half_even(code) - code : clamped - own.zero_point;
          sum[i] += keeps ? 0.0F : g * slope;
        }
        g = keeps || inside ? g : 0.0F;
      }
      to[i] = u == v ? g * own.multiplier[i] : 0.0F;
    }
  }

  const float* x;
  const float* dy;
  float* dx;
  float* dscale;
};

template <class Direction>
[[gnu::always_inline]] inline void body(const GradientPass& p, const Direction& direction,
                                        std::int64_t count) {
  for (std::int64_t start = 0; start < count; start += p.period) {
    const std::int64_t n = count - start < p.period ? count - start : p.period;
    if (p.scale == 0) {
      direction.template period<false, false>(p, start, n);
    } else if (p.keep == 0) {
      direction.template period<true, false>(p, start, n);
    } else {
      direction.template period<true, true>(p, start, n);
    }
  }
}

[[gnu::always_inline]] inline void backward_body(const GradientPass& p, const float* x,
                                                 const float* dy, float* dx, float* dscale,
                                                 std::int64_t count) {
  if (dscale != nullptr) return body(p, Backward<true>{x, dy, dx, dscale}, count);
  body(p, Backward<false>{x, dy, dx, nullptr}, count);
}

void forward_portable(const GradientPass& p, const float* x, float* y, std::int64_t count) {
  body(p, Forward{x, y}, count);
}
void backward_portable(const GradientPass& p, const float* x, const float* dy, float* dx,
                       float* dscale, std::int64_t count) {
  backward_body(p, x, dy, dx, dscale, count);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void forward_avx2(const GradientPass& p, const float* x, float* y,
                                          std::int64_t count) {
  body(p, Forward{x, y}, count);
}
[[gnu::target("avx2")]] void backward_avx2(const GradientPass& p, const float* x, const float* dy,
                                           float* dx, float* dscale, std::int64_t count) {
  backward_body(p, x, dy, dx, dscale, count);
}
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void forward_avx512(
    const GradientPass& p, const float* x, float* y, std::int64_t count) {
  body(p, Forward{x, y}, count);
}
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void backward_avx512(
    const GradientPass& p, const float* x, const float* dy, float* dx, float* dscale,
    std::int64_t count) {
  backward_body(p, x, dy, dx, dscale, count);
}
#endif

}  // namespace

PointwiseForward pointwise_forward(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return forward_avx2;
  if (isa == Isa::kAvx512) return forward_avx512;
#endif
  (void)isa;
  return forward_portable;
}

PointwiseBackward pointwise_backward(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return backward_avx2;
  if (isa == Isa::kAvx512) return backward_avx512;
#endif
  (void)isa;
  return backward_portable;
}

}  // namespace quern
