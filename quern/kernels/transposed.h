#pragma once

#include <cstdint>

#include "quern/kernels/scratch.h"

namespace quern {

/// Adds a matrix [rows, columns] to one that lies as [columns, rows].
inline void add_transposed(const float* matrix, std::int64_t rows, std::int64_t columns,
                           float* to) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      to[column * rows + row] += matrix[row * columns + column];
    }
  }
}

/// A matrix [rows, columns] as [columns, rows].
inline Scratch transposed(const float* matrix, std::int64_t rows, std::int64_t columns) {
  Scratch result(rows * columns);
  add_transposed(matrix, rows, columns, result.data());
  return result;
}

}  // namespace quern
