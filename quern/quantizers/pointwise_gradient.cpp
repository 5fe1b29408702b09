// The differentiable pointwise pass, compiled once per instruction set from one body; all give the
// same bits, as in pointwise_kernels.cpp: sums are kept lane by lane, so nothing is reassociated.
#include "quern/quantizers/pointwise_gradient.h"

#include <algorithm>
#include <bit>

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

/// What a pass does behind its clip.
enum class Grid : std::uint8_t {
  kNone,
  kCentred,    ///< As CentredGrid has it, with a step that is learned.
  kThreshold,  ///< The same with a threshold.
  kRounded,
  kMixed,
  kBipolar
};

/// What follows a float that is not +∞, without a call.
[[gnu::always_inline]] inline float next_above(float v) {
  const auto bits = std::bit_cast<std::int32_t>(v + 0.0F);  // Of −0, those of 0.
  return std::bit_cast<float>(bits >= 0 ? bits + 1 : bits - 1);
}

/// Some elements side by side: vectors of the compiler's, since its loops stay scalar where an
/// element has as many conditions as here.
///
/// @tparam kFuses  The instruction set has fused multiply-adds.
template <Grid kGrid, int kWidth, bool kFuses>
struct Element : Lanes<kWidth> {
  using Float = typename Lanes<kWidth>::Float;
  using Mask = typename Lanes<kWidth>::Mask;
  using Unsigned = typename Lanes<kWidth>::Unsigned;
  static constexpr bool kRounds = kGrid != Grid::kNone;
  static constexpr bool kIsCentred = kGrid == Grid::kCentred || kGrid == Grid::kThreshold;
  using Lanes<kWidth>::all;
  using Lanes<kWidth>::load;

  /// What backward passes need of an element.
  struct Gradient {
    Float g;       ///< By u.
    Float dscale;  ///< By the scale.
  };

  [[gnu::always_inline]] Element(const GradientPass& pass, const CentredGrid& centred)
      : multiplier(pass.multiplier),
        offset(pass.offset),
        low(all(kIsCentred ? centred.low : pass.low)),
        high(all(kIsCentred ? centred.high : pass.high)),
        scale(all(pass.scale)),
        zero_point(all(pass.zero_point)),
        qmin(all(pass.qmin)),
        qmax(all(pass.qmax)),
        inverse(all(centred.inverse)),
        rest(all(centred.rest)),
        learns_step(Mask{} - (pass.learns_step ? 1 : 0)),
        period(pass.period),
        seed(pass.seed),
        keep(pass.keep),
        first(pass.first) {
    if constexpr (kGrid != Grid::kNone) return;
    first_inside = all(next_above(pass.low));
    last_inside = all(-next_above(-pass.high));
  }

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

  /// What repeats along the memory.
  struct Factors {
    Float multiplier;
    Float offset;
  };
  [[gnu::always_inline]] Factors factors(std::int64_t i) const {
    return {load(multiplier + i), load(offset + i)};
  }

  [[gnu::always_inline]] static Float u(Float x, const Factors& factors) {
    return x * factors.multiplier + factors.offset;
  }

  [[gnu::always_inline]] Float rounded(Float code) const {
    if constexpr (kGrid == Grid::kBipolar) return select(code >= Float{}, all(1), all(-1));
    constexpr float kUlpIsOne = 12582912;  // 1.5 · 2²³; see round_half_even.
    return (code + kUlpIsOne) - kUlpIsOne;
  }

  /// Where an element is not rounded.
  [[gnu::always_inline]] Mask kept(std::int64_t at) const {
    Unsigned positions = (first + static_cast<std::uint32_t>(at)) - Unsigned{};
    for (int i = 0; i < kWidth; ++i) positions[i] += static_cast<std::uint32_t>(i);
    return reinterpret_cast<Mask>(drawn(seed - Unsigned{}, positions) < keep - Unsigned{});
  }

  [[gnu::always_inline]] Float forward(Float x, const Factors& factors, std::int64_t at) const {
    const Float v = clamped(u(x, factors), low, high);
    if constexpr (kGrid == Grid::kNone) return v;
    if constexpr (kIsCentred) return rounded(quotient(v)) * scale;
    const Float code = clamped(v / scale + zero_point, qmin, qmax);
    const Float y = (rounded(code) - zero_point) * scale;
    if constexpr (kGrid == Grid::kMixed) return select(kept(at), v, y);
    return y;
  }

  /// Of a centred grid, as far as its code goes.
  [[gnu::always_inline]] Float quotient(Float v) const {
    if constexpr (kFuses) return fused<kWidth>(v, inverse, v * rest);
    return v / scale;
  }

  [[gnu::always_inline]] Gradient backward(Float x, Float dy, const Factors& factors,
                                           std::int64_t at) const {
    const Float unclipped = u(x, factors);
    const Float v = clamped(unclipped, low, high);
    if constexpr (kIsCentred) {
      const Float nearest = rounded(v * inverse);
      const Float within = kGrid == Grid::kThreshold ? Float{} : nearest - v * inverse;
      return {v == unclipped ? dy : Float{}, dy * (v == unclipped ? within : nearest)};
    }
    if constexpr (kGrid == Grid::kNone) {
      const Float inside = clamped(unclipped, first_inside, last_inside);
      return {inside == unclipped ? dy : Float{}, Float{}};
    }
    const Mask passes = (unclipped > low) & (unclipped < high);
    const Float code = v / scale + zero_point;
    const Float inside = clamped(code, qmin, qmax);
    const Float nearest = rounded(inside);
    const Mask is_inside = inside == code;
    const Float within = only(learns_step, nearest - code);
    Float dscale = dy * select(is_inside, within, nearest - zero_point);
    if constexpr (kGrid == Grid::kMixed) {
      const Mask is_kept = kept(at);
      dscale = only(~is_kept, dscale);
      return {only(passes & (is_inside | is_kept), dy), dscale};
    }
    return {only(passes & is_inside, dy), dscale};
  }

  const float* multiplier;
  const float* offset;
  Float low, high, scale, zero_point, qmin, qmax;
  Float first_inside = {}, last_inside = {};  ///< The clip.
  Float inverse, rest;                        ///< Of a centred grid.
  Mask learns_step;
  std::int64_t period;
  std::uint32_t seed, keep, first;
};

// --- what each kind of work does in the same columns of some periods, one after the other --------

template <class Element, class Work>
struct Columns;

template <class Element>
struct Columns<Element, PassForward> {
  [[gnu::always_inline]] Columns(const Element& element, const PassForward&, std::int64_t i)
      : factors(element.factors(i)) {}

  [[gnu::always_inline]] void go(const Element& element, const PassForward& work, std::int64_t at) {
    Element::store(work.y + at, element.forward(Element::load(work.x + at), factors, at));
  }
  [[gnu::always_inline]] void finish(const Element&, const PassForward&, std::int64_t) const {}

  typename Element::Factors factors;
};

template <class Element>
struct Columns<Element, PassBackward> {
  [[gnu::always_inline]] Columns(const Element& element, const PassBackward&, std::int64_t i)
      : factors(element.factors(i)) {}

  [[gnu::always_inline]] void go(const Element& element, const PassBackward& work,
                                 std::int64_t at) {
    const auto found =
        element.backward(Element::load(work.x + at), Element::load(work.dy + at), factors, at);
    Element::store(work.dx + at, found.g * factors.multiplier);
    dscale += found.dscale;
  }
  [[gnu::always_inline]] void finish(const Element&, const PassBackward& work,
                                     std::int64_t i) const {
    if (work.dscale != nullptr) Element::add(work.dscale + i, dscale);
  }

  typename Element::Factors factors;
  typename Element::Float dscale = {};
};

template <class Element>
struct Columns<Element, PassMoments> {
  [[gnu::always_inline]] Columns(const Element& element, const PassMoments& work, std::int64_t i)
      : shift(Element::load(work.shift + i)),
        sum(Element::load(work.sums + i)),
        squares(Element::load(work.sums + element.period + i)) {}

  [[gnu::always_inline]] void go(const Element&, const PassMoments& work, std::int64_t at) {
    const auto centred = Element::load(work.x + at) - shift;
    sum += centred;
    squares += centred * centred;
  }
  [[gnu::always_inline]] void finish(const Element& element, const PassMoments& work,
                                     std::int64_t i) const {
    Element::store(work.sums + i, sum);
    Element::store(work.sums + element.period + i, squares);
  }

  typename Element::Float shift;
  typename Element::Float sum;
  typename Element::Float squares;
};

template <class Element>
struct Columns<Element, PassReduction> {
  [[gnu::always_inline]] Columns(const Element& element, const PassReduction& work, std::int64_t i)
      : factors(element.factors(i)),
        mean(Element::load(work.mean + i)),
        sum(Element::load(work.sums + i)),
        product(Element::load(work.sums + element.period + i)) {
    if constexpr (Element::kRounds) dscale = Element::load(work.sums + 2 * element.period + i);
  }

  [[gnu::always_inline]] void go(const Element& element, const PassReduction& work,
                                 std::int64_t at) {
    const auto x = Element::load(work.x + at);
    const auto found = element.backward(x, Element::load(work.dy + at), factors, at);
    sum += found.g;
    product += found.g * (x - mean);
    dscale += found.dscale;
    Element::store(work.dx + at, found.g * factors.multiplier);
  }
  [[gnu::always_inline]] void finish(const Element& element, const PassReduction& work,
                                     std::int64_t i) const {
    Element::store(work.sums + i, sum);
    Element::store(work.sums + element.period + i, product);
    if constexpr (Element::kRounds) Element::store(work.sums + 2 * element.period + i, dscale);
  }

  typename Element::Factors factors;
  typename Element::Float mean;
  typename Element::Float sum;
  typename Element::Float product;
  typename Element::Float dscale = {};
};

template <class Element>
struct Columns<Element, PassMomentsBackward> {
  [[gnu::always_inline]] Columns(const Element&, const PassMomentsBackward& work, std::int64_t i)
      : mean(Element::load(work.mean + i)),
        slope(Element::load(work.slope + i)),
        intercept(Element::load(work.intercept + i)) {}

  [[gnu::always_inline]] void go(const Element&, const PassMomentsBackward& work, std::int64_t at) {
    const auto moved = (Element::load(work.x + at) - mean) * slope + intercept;
    Element::store(work.dx + at, Element::load(work.dy + at) + moved);
  }
  [[gnu::always_inline]] void finish(const Element&, const PassMomentsBackward&,
                                     std::int64_t) const {}

  typename Element::Float mean;
  typename Element::Float slope;
  typename Element::Float intercept;
};

/// Periods that are gone through at once where memory lies in a cache: meanwhile what is summed up
/// stays in registers. From farther away memory comes fastest in its order.
constexpr std::int64_t kAtOnce = 4;
constexpr std::int64_t kCached = 1 << 14;  ///< Elements.

// --- all vectors, for every instruction set -----------------------------------------------------

/// Columns from i on, of the periods from `start` to `end`: one, where nothing is summed up.
template <class Element, class Work>
[[gnu::always_inline]] inline void columns(const Element& element, const Work& work, std::int64_t i,
                                           std::int64_t start, std::int64_t end) {
  Columns<Element, Work> these(element, work, i);
  if constexpr (requires { work.sums; }) {
    for (std::int64_t at = start + i; at < end; at += element.period) these.go(element, work, at);
  } else {
    these.go(element, work, start + i);
  }
  these.finish(element, work, i);
}

template <Grid kGrid, int kWidth, bool kFuses, class Work>
[[gnu::always_inline]] inline void periods(const GradientPass& pass, const Work& work,
                                           std::int64_t count) {
  const CentredGrid centred = pass.centred.value_or(CentredGrid{});
  const Element<kGrid, kWidth, kFuses> element(pass, centred);
  const Element<kGrid, 8, kFuses> half(pass, centred);
  const Element<kGrid, 1, kFuses> single(pass, centred);
  const bool gains = requires { work.sums; }
  &&count <= kCached;
  const std::int64_t step = (gains ? kAtOnce : 1) * pass.period;
  const std::int64_t whole = count / pass.period * pass.period;
  for (std::int64_t start = 0; start < count;) {
    const bool is_whole = start < whole;
    const std::int64_t end = is_whole ? std::min(whole, start + step) : count;
    const std::int64_t n = is_whole ? pass.period : count - whole;
    std::int64_t i = 0;
    for (; i + kWidth <= n; i += kWidth) columns(element, work, i, start, end);
    if constexpr (kWidth > 8) {
      for (; i + 8 <= n; i += 8) columns(half, work, i, start, end);
    }
    for (; i < n; ++i) columns(single, work, i, start, end);
    start = end;
  }
}

/// @tparam kNarrow  Elements at once where conditions are masks that go with others, which GCC
///                  splits where they are wider.
template <int kWidth, int kNarrow, bool kFuses, class Work>
[[gnu::always_inline]] inline void body(const GradientPass& given, const Work& work_given,
                                        std::int64_t count) {
  // Copies, which no store can change.
  const GradientPass pass = given;
  const Work work = work_given;
  if (pass.scale == 0) return periods<Grid::kNone, kWidth, kFuses>(pass, work, count);
  if (pass.bipolar) return periods<Grid::kBipolar, kNarrow, kFuses>(pass, work, count);
  if (pass.keep > 0) return periods<Grid::kMixed, kNarrow, kFuses>(pass, work, count);
  if (!pass.centred) return periods<Grid::kRounded, kNarrow, kFuses>(pass, work, count);
  if (pass.learns_step) return periods<Grid::kCentred, kWidth, kFuses>(pass, work, count);
  periods<Grid::kThreshold, kWidth, kFuses>(pass, work, count);
}

#if defined(__x86_64__)
template <class Work>
[[gnu::target("avx2,fma")]] void avx2(const GradientPass& pass, const Work& work,
                                      std::int64_t count) {
  body<8, 8, true>(pass, work, count);
}

template <class Work>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void avx512(
    const GradientPass& pass, const Work& work, std::int64_t count) {
  body<16, 8, true>(pass, work, count);
}
#endif

template <class Work>
void run_on(const GradientPass& pass, const Work& work, std::int64_t count, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(pass, work, count);
  if (isa == Isa::kAvx2) return avx2(pass, work, count);
#endif
  (void)isa;
#if defined(__FP_FAST_FMAF)
  constexpr bool kFuses = true;
#else
  constexpr bool kFuses = false;
#endif
  body<4, 4, kFuses>(pass, work, count);
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
