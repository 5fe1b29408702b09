#pragma once

#include <cstdint>
#include <cstring>

namespace quern {

// Parts of kernels that are compiled for several instruction sets: forced inline, so that no copy
// compiled for one of them can be called by code for another.

/// Elements that are computed side by side: the compiler's own vectors. A condition is a mask of
/// all bits or none.
template <int kWidth>
struct Lanes {
  using Float [[gnu::vector_size(kWidth * 4)]] = float;
  using Mask [[gnu::vector_size(kWidth * 4)]] = std::int32_t;
  using Unsigned [[gnu::vector_size(kWidth * 4)]] = std::uint32_t;

  [[gnu::always_inline]] static Float all(float value) {
    const Float zeros = {};
    return zeros + value;  // Not `value − zeros`: of that GCC 12 makes an insertion for each lane.
  }

  [[gnu::always_inline]] static Float load(const float* from) {
    Float result;
    std::memcpy(&result, from, sizeof(result));
    return result;
  }
  [[gnu::always_inline]] static void store(float* to, Float value) {
    std::memcpy(to, &value, sizeof(value));
  }
  [[gnu::always_inline]] static void add(float* to, Float value) { store(to, load(to) + value); }
};

/// a · b + c, rounded once: an instruction where the set that this is compiled for has it.
template <int kWidth, class Float = typename Lanes<kWidth>::Float>
[[gnu::always_inline]] inline Float fused(Float a, Float b, Float c) {
  Float result = c;
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; ++i) result[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return result;
}

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

/// A number that looks random, of an element's position: the finalizer of MurmurHash3. T is uint32
/// or a vector of them.
template <class T>
[[gnu::always_inline]] inline T drawn(T seed, T position) {
  T h = (position * 2654435761U) ^ seed;
  h ^= h >> 16;
  h *= 0x85ebca6bU;
  h ^= h >> 13;
  h *= 0xc2b2ae35U;
  return h ^ (h >> 16);
}

}  // namespace quern
