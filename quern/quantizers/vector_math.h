#pragma once

namespace quern {

// Parts of kernels that are compiled for several instruction sets: forced inline, so that no copy
// compiled for one of them can be called by code for another.

/// Half to even for |v| ≤ 2²²: the sum has an ulp of exactly 1. Older instruction sets can not
/// round vectors otherwise.
[[gnu::always_inline]] inline float round_half_even(float v) {
  constexpr float kUlpIsOne = 12582912;  // 1.5 · 2²³
  return (v + kUlpIsOne) - kUlpIsOne;
}

/// Written so that a NaN in v passes, as it does in ONNX's operators.
[[gnu::always_inline]] inline float clamp(float v, float low, float high) {
  v = v < low ? low : v;
  return v > high ? high : v;
}

}  // namespace quern
