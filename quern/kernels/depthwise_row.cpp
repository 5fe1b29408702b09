// Rows of depthwise convolutions, compiled once per instruction set from one body. A vector of
// channels goes along the whole row, so that its weights and their gradients stay in registers.
#include "quern/kernels/depthwise_row.h"

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

template <int kKernel, int kWidth>
[[gnu::always_inline]] inline void channels(const DepthwiseRow& r, std::int64_t c) {
  using L = Lanes<kWidth>;
  typename L::Float weight[kKernel * kKernel];
#pragma GCC unroll 25
  for (int k = 0; k < kKernel * kKernel; ++k) weight[k] = L::load(r.weight + k * r.channels + c);
  const float* rows[kKernel];
#pragma GCC unroll 5
  for (int ky = 0; ky < kKernel; ++ky) rows[ky] = r.rows[ky] + c;
  const std::int64_t step = r.stride * r.channels;
  for (std::int64_t x = 0; x < r.width; ++x) {
    typename L::Float sum = {};
#pragma GCC unroll 5
    for (int ky = 0; ky < kKernel; ++ky) {
#pragma GCC unroll 5
      for (int kx = 0; kx < kKernel; ++kx) {
        sum += L::load(rows[ky] + x * step + kx * r.channels) * weight[ky * kKernel + kx];
      }
    }
    L::store(r.y + x * r.channels + c, sum);
  }
}

template <int kKernel, int kWidth>
[[gnu::always_inline]] inline void channels(const DepthwiseRowBackward& r, std::int64_t c) {
  using L = Lanes<kWidth>;
  typename L::Float weight[kKernel * kKernel];
  typename L::Float dweight[kKernel * kKernel];
#pragma GCC unroll 25
  for (int k = 0; k < kKernel * kKernel; ++k) {
    weight[k] = L::load(r.weight + k * r.channels + c);
    dweight[k] = L::load(r.dweight + k * r.channels + c);
  }
  const float* rows[kKernel];
#pragma GCC unroll 5
  for (int ky = 0; ky < kKernel; ++ky) rows[ky] = r.rows[ky] + c;
  for (std::int64_t x = 0; x < r.width; ++x) {
    const typename L::Float value = L::load(r.x + x * r.channels + c);
    typename L::Float sum = {};
#pragma GCC unroll 5
    for (int ky = 0; ky < kKernel; ++ky) {
#pragma GCC unroll 5
      for (int kx = 0; kx < kKernel; ++kx) {
        const int k = ky * kKernel + kx;
        const auto g = L::load(rows[ky] + (x + kKernel - 1 - kx) * r.channels);
        sum += g * weight[k];
        dweight[k] += value * g;
      }
    }
    L::store(r.dx + x * r.channels + c, sum);
  }
#pragma GCC unroll 25
  for (int k = 0; k < kKernel * kKernel; ++k) {
    L::store(r.dweight + k * r.channels + c, dweight[k]);
  }
}

/// As many channels from c on as are `kWidth` at a time. @return the first that is left.
template <int kWidth, class Row>
[[gnu::always_inline]] inline std::int64_t vectors(const Row& row, std::int64_t c) {
  for (; c + kWidth <= row.channels; c += kWidth) {
    if (row.kernel == 3) channels<3, kWidth>(row, c);
    if (row.kernel == 5) channels<5, kWidth>(row, c);
  }
  return c;
}

template <int kWidth, class Row>
[[gnu::always_inline]] inline void body(const Row& given) {
  const Row row = given;  // A copy, which no store can change.
  std::int64_t c = vectors<kWidth>(row, 0);
  if constexpr (kWidth > 8) c = vectors<8>(row, c);
  if constexpr (kWidth > 4) c = vectors<4>(row, c);
  vectors<1>(row, c);
}

#if defined(__x86_64__)
template <class Row>
[[gnu::target("avx2")]] void avx2(const Row& row) {
  body<8>(row);
}

template <class Row>
[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void avx512(
    const Row& row) {
  body<16>(row);
}
#endif

template <class Row>
void run_on(const Row& row, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(row);
  if (isa == Isa::kAvx2) return avx2(row);
#endif
  (void)isa;
  body<4>(row);
}

}  // namespace

void run(const DepthwiseRow& row, Isa isa) { run_on(row, isa); }
void run(const DepthwiseRowBackward& row, Isa isa) { run_on(row, isa); }

}  // namespace quern
