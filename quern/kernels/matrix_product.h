#pragma once

#include <cstdint>

#include "quern/base/isa.h"

namespace quern {

/// C = A · B, or C += A · B: of small matrices, or of one that is very long in one direction.
///
/// A is read element by element, so it may lie in any order, and its rows may overlap; rows of B
/// and C lie side by side in memory.
struct MatrixProduct {
  std::int64_t rows = 0;     ///< Of A and C.
  std::int64_t columns = 0;  ///< Of B and C.
  std::int64_t depth = 0;    ///< Of the sums.
  const float* a = nullptr;  ///< Element (m, k) at a[m · a_row + k · a_depth].
  std::int64_t a_row = 0;
  std::int64_t a_depth = 0;
  const float* b = nullptr;  ///< Element (k, n) at b[k · b_row + n].
  std::int64_t b_row = 0;
  float* c = nullptr;  ///< Element (m, n) at c[m · c_row + n]; no memory of A or B.
  std::int64_t c_row = 0;
  bool adds = false;  ///< To what C holds.
};

/// Every element of C is summed in the order of depth, from 0; what C held is added last. So every
/// ISA gives the same bits.
void multiply(const MatrixProduct& product, Isa isa);

}  // namespace quern
