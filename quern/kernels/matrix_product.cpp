// Products of matrices, compiled once per instruction set from one body: blocks of C stay in
// registers over the whole depth. Lanes are columns, so no sum is reassociated, and contraction is
// off as in the whole library: all instruction sets give the same bits.
#include "quern/kernels/matrix_product.h"

#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

template <int kWidth, int kRows>
[[gnu::always_inline]] inline void block(const MatrixProduct& p, std::int64_t m, std::int64_t n) {
  using L = Lanes<kWidth>;
  typename L::Float sums[kRows] = {};
  const float* a = p.a + m * p.a_row;
  const float* b = p.b + n;
  for (std::int64_t k = 0; k < p.depth; ++k) {
    const typename L::Float columns = L::load(b);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[r] += a[r * p.a_row] * columns;
    a += p.a_depth;
    b += p.b_row;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float* const c = p.c + (m + r) * p.c_row + n;
    L::store(c, p.adds ? L::load(c) + sums[r] : sums[r]);
  }
}

/// As many columns from n on as are `kWidth` at a time. @return the first that is left.
template <int kWidth, int kRows>
[[gnu::always_inline]] inline std::int64_t blocks(const MatrixProduct& p, std::int64_t n) {
  for (; n + kWidth <= p.columns; n += kWidth) {
    std::int64_t m = 0;
    for (; m + kRows <= p.rows; m += kRows) block<kWidth, kRows>(p, m, n);
    for (; m < p.rows; ++m) block<kWidth, 1>(p, m, n);
  }
  return n;
}

template <int kWidth, int kRows>
[[gnu::always_inline]] inline void body(const MatrixProduct& given) {
  const MatrixProduct p = given;  // A copy, which no store can change.
  std::int64_t n = blocks<kWidth, kRows>(p, 0);
  if constexpr (kWidth > 8) n = blocks<8, kRows>(p, n);
  if constexpr (kWidth > 4) n = blocks<4, kRows>(p, n);
  blocks<1, kRows>(p, n);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void avx2(const MatrixProduct& product) { body<8, 8>(product); }

[[gnu::target("avx512f,avx512vl,avx512bw,avx512dq,prefer-vector-width=512")]] void avx512(
    const MatrixProduct& product) {
  body<16, 8>(product);
}
#endif

}  // namespace

void multiply(const MatrixProduct& product, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(product);
  if (isa == Isa::kAvx2) return avx2(product);
#endif
  (void)isa;
  body<4, 8>(product);
}

}  // namespace quern
