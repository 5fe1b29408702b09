// The differentiable pointwise pass, compiled once per instruction set from one body; all give the
// same bits, as in pointwise_kernels.cpp: sums are kept lane by lane, so nothing is reassociated.
#include "quern/quantizers/pointwise_gradient.h"

#include <cmath>
#include <limits>

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

/// What a pass does behind its clip. Elements are vectors of the compiler's, since its loops stay
/// scalar where an element has as many conditions as here.
enum class Grid : std::uint8_t {
  kNone,
  kCentred,  ///< Rounded, with 0 at code 0: what costs a division per element is done once.
  kRounded,
  kMixed,
  kBipolar
};

/// The ends of a centred grid: of the values whose codes, v / scale, lie from qmin to qmax.
struct Ends {
  float low = 0;
  float high = 0;
};

[[gnu::always_inline]] inline Ends ends_of(const GradientPass& pass) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Ends ends{pass.qmin * pass.scale, pass.qmax * pass.scale};
  const auto is_inside = [&](float v) {
    return v / pass.scale >= pass.qmin && v / pass.scale <= pass.qmax;
  };
  // The products are off by a rounding, so that a step or two lead to the ends.
  while (!is_inside(ends.low)) ends.low = std::nextafter(ends.low, kInfinity);
  while (!is_inside(ends.high)) ends.high = std::nextafter(ends.high, -kInfinity);
  for (float v = ends.high; is_inside(v); v = std::nextafter(v, kInfinity)) ends.high = v;
  if (pass.qmin == 0) return ends;
  for (float v = ends.low; is_inside(v); v = std::nextafter(v, -kInfinity)) ends.low = v;
  return ends;
}

template <Grid kGrid, int kWidth>
struct Element : Lanes<kWidth> {
  using Float = typename Lanes<kWidth>::Float;
  using Mask = typename Lanes<kWidth>::Mask;
  using Unsigned = typename Lanes<kWidth>::Unsigned;
  using Lanes<kWidth>::all;
  using Lanes<kWidth>::load;

  /// What backward passes need of an element.
  struct Gradient {
    Float g;       ///< By u.
    Float dscale;  ///< By the scale.
  };

  [[gnu::always_inline]] Element(const GradientPass& pass, const Ends& ends)
      : multiplier(pass.multiplier),
        offset(pass.offset),
        low(all(pass.low)),
        high(all(pass.high)),
        scale(all(pass.scale)),
        zero_point(all(pass.zero_point)),
        qmin(all(pass.qmin)),
        qmax(all(pass.qmax)),
        lowest(all(ends.low)),
        highest(all(ends.high)),
        inverse(all(1 / pass.scale)),
        learns_step(Mask{} - (pass.learns_step ? 1 : 0)),
        seed(pass.seed),
        keep(pass.keep) {}

  [[gnu::always_inline]] static Float only(Mask mask, Float value) {
    return reinterpret_cast<Float>(mask & reinterpret_cast<Mask>(value));
  }
  [[gnu::always_inline]] static Float select(Mask mask, Float yes, Float no) {
    return reinterpret_cast<Float>((mask & reinterpret_cast<Mask>(yes)) |
                                   (~mask & reinterpret_cast<Mask>(no)));
  }

  /// NaN passes, as it does in ONNX's operators.
  [[gnu::always_inline]] static Float clamped(Float v, Float low, Float high) {
    v = v < low ? low : v;
    return v > high ? high : v;
  }

  [[gnu::always_inline]] Float u(Float x, std::int64_t i) const {
    return x * load(multiplier + i) + load(offset + i);
  }

  [[gnu::always_inline]] Float rounded(Float code) const {
    if constexpr (kGrid == Grid::kBipolar) return select(code >= Float{}, all(1), all(-1));
    constexpr float kUlpIsOne = 12582912;  // 1.5 · 2²³; see round_half_even.
    return (code + kUlpIsOne) - kUlpIsOne;
  }

  /// Where an element is not rounded.
  [[gnu::always_inline]] Mask kept(std::uint32_t position) const {
    Unsigned positions = position - Unsigned{};
    for (int i = 0; i < kWidth; ++i) positions[i] += static_cast<std::uint32_t>(i);
    return reinterpret_cast<Mask>(drawn(seed - Unsigned{}, positions) < keep - Unsigned{});
  }

  [[gnu::always_inline]] Float forward(Float x, std::int64_t i, std::uint32_t position) const {
    const Float v = clamped(u(x, i), low, high);
    if constexpr (kGrid == Grid::kNone) return v;
    if constexpr (kGrid == Grid::kCentred) return rounded(clamped(v / scale, qmin, qmax)) * scale;
    const Float code = clamped(v / scale + zero_point, qmin, qmax);
    const Float y = (rounded(code) - zero_point) * scale;
    if constexpr (kGrid == Grid::kMixed) return select(kept(position), v, y);
    return y;
  }

  [[gnu::always_inline]] Gradient backward(Float x, Float dy, std::int64_t i,
                                           std::uint32_t position) const {
    const Float unclipped = u(x, i);
    Mask passes = (unclipped > low) & (unclipped < high);
    if constexpr (kGrid == Grid::kNone) return {only(passes, dy), Float{}};
    const Float v = clamped(unclipped, low, high);
    if constexpr (kGrid == Grid::kCentred) {
      const Mask is_inside = (v >= lowest) & (v <= highest);
      const Float code = v * inverse;
      const Float nearest = rounded(clamped(code, qmin, qmax));
      const Float within = only(learns_step, nearest - code);
      return {only(passes & is_inside, dy), dy * select(is_inside, within, nearest)};
    }
    const Float code = v / scale + zero_point;
    const Float inside = clamped(code, qmin, qmax);
    const Float nearest = rounded(inside);
    const Mask is_inside = inside == code;
    const Float within = only(learns_step, nearest - code);
    Float dscale = dy * select(is_inside, within, nearest - zero_point);
    if constexpr (kGrid == Grid::kMixed) {
      const Mask is_kept = kept(position);
      dscale = only(~is_kept, dscale);
      return {only(passes & (is_inside | is_kept), dy), dscale};
    }
    return {only(passes & is_inside, dy), dscale};
  }

  const float* multiplier;
  const float* offset;
  Float low, high, scale, zero_point, qmin, qmax;
  Float lowest, highest, inverse;  ///< Of a centred grid.
  Mask learns_step;
  std::uint32_t seed, keep;
};

// --- one vector of each kind of work: elements at `start` + i, i within a period ----------------

template <class Element>
[[gnu::always_inline]] inline void vector(const Element& element, const GradientPass& pass,
                                          const PassForward& work, std::int64_t start,
                                          std::int64_t i) {
  const auto position = pass.first + static_cast<std::uint32_t>(start + i);
  Element::store(work.y + start + i,
                 element.forward(Element::load(work.x + start + i), i, position));
}

template <class Element>
[[gnu::always_inline]] inline auto gradient(const Element& element, const GradientPass& pass,
                                            const float* x, const float* dy, std::int64_t start,
                                            std::int64_t i) {
  const auto position = pass.first + static_cast<std::uint32_t>(start + i);
  return element.backward(Element::load(x + start + i), Element::load(dy + start + i), i, position);
}

template <class Element>
[[gnu::always_inline]] inline void vector(const Element& element, const GradientPass& pass,
                                          const PassBackward& work, std::int64_t start,
                                          std::int64_t i) {
  const auto found = gradient(element, pass, work.x, work.dy, start, i);
  Element::store(work.dx + start + i, found.g * Element::load(pass.multiplier + i));
  if (work.dscale != nullptr) Element::add(work.dscale + i, found.dscale);
}

template <class Element>
[[gnu::always_inline]] inline void vector(const Element&, const GradientPass& pass,
                                          const PassMoments& work, std::int64_t start,
                                          std::int64_t i) {
  const auto centred = Element::load(work.x + start + i) - Element::load(work.shift + i);
  Element::add(work.sums + i, centred);
  Element::add(work.sums + pass.period + i, centred * centred);
}

template <class Element>
[[gnu::always_inline]] inline void vector(const Element& element, const GradientPass& pass,
                                          const PassReduction& work, std::int64_t start,
                                          std::int64_t i) {
  const auto found = gradient(element, pass, work.x, work.dy, start, i);
  const auto centred = Element::load(work.x + start + i) - Element::load(work.mean + i);
  Element::add(work.sums + i, found.g);
  Element::add(work.sums + pass.period + i, found.g * centred);
  if (pass.scale != 0) Element::add(work.sums + 2 * pass.period + i, found.dscale);
  Element::store(work.dx + start + i, found.g * Element::load(pass.multiplier + i));
}

template <class Element>
[[gnu::always_inline]] inline void vector(const Element&, const GradientPass&,
                                          const PassMomentsBackward& work, std::int64_t start,
                                          std::int64_t i) {
  const auto centred = Element::load(work.x + start + i) - Element::load(work.mean + i);
  const auto moved = centred * Element::load(work.slope + i) + Element::load(work.intercept + i);
  Element::store(work.dx + start + i, Element::load(work.dy + start + i) + moved);
}

// --- all vectors, for every instruction set -----------------------------------------------------

template <Grid kGrid, int kWidth, class Work>
[[gnu::always_inline]] inline void periods(const GradientPass& pass, const Work& work,
                                           std::int64_t count) {
  const Ends ends = kGrid == Grid::kCentred ? ends_of(pass) : Ends{};
  const Element<kGrid, kWidth> element(pass, ends);
  const Element<kGrid, 1> single(pass, ends);
  for (std::int64_t start = 0; start < count; start += pass.period) {
    const std::int64_t n = count - start < pass.period ? count - start : pass.period;
    std::int64_t i = 0;
    for (; i + kWidth <= n; i += kWidth) vector(element, pass, work, start, i);
    for (; i < n; ++i) vector(single, pass, work, start, i);
  }
}

template <int kWidth, class Work>
[[gnu::always_inline]] inline void body(const GradientPass& given, const Work& work_given,
                                        std::int64_t count) {
  // Copies, which no store can change.
  const GradientPass pass = given;
  const Work work = work_given;
  if (pass.scale == 0) return periods<Grid::kNone, kWidth>(pass, work, count);
  if (pass.bipolar) return periods<Grid::kBipolar, kWidth>(pass, work, count);
  if (pass.keep == 0 && pass.zero_point == 0) {
    return periods<Grid::kCentred, kWidth>(pass, work, count);
  }
  if (pass.keep == 0) return periods<Grid::kRounded, kWidth>(pass, work, count);
  periods<Grid::kMixed, kWidth>(pass, work, count);
}

#if defined(__x86_64__)
template <class Work>
[[gnu::target("avx2")]] void avx2(const GradientPass& pass, const Work& work, std::int64_t count) {
  body<8>(pass, work, count);
}

template <class Work>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=256")]] void avx512(
    const GradientPass& pass, const Work& work, std::int64_t count) {
  body<8>(pass, work, count);
}
#endif

template <class Work>
void run_on(const GradientPass& pass, const Work& work, std::int64_t count, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(pass, work, count);
  if (isa == Isa::kAvx2) return avx2(pass, work, count);
#endif
  (void)isa;
  body<4>(pass, work, count);
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
void run(const GradientPass& pass, const PassMomentsBackward& work, std::int64_t count, Isa isa) {
  run_on(pass, work, count, isa);
}

}  // namespace quern
