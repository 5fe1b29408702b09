#include "quern/kernels/matrix_product.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "quern/base/random.h"

namespace quern {
namespace {

/// A sum of up to 33 float32 products near 1.
constexpr double kRounding = 1e-5;

/// The sizes at which blocks of rows and vectors of columns end.
constexpr std::array<std::int64_t, 10> kEdges = {1, 2, 3, 4, 7, 8, 9, 16, 17, 33};

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(static_cast<float>(random.normal()));
  return result;
}

void expect_formula(MatrixProduct product, const std::vector<float>& c) {
  std::vector<float> first;
  for (const Isa isa : available_isas()) {
    std::vector<float> found = c;
    product.c = found.data();
    multiply(product, isa);
    if (first.empty()) first = found;
    ASSERT_EQ(found, first) << name(isa);
  }
  for (std::int64_t m = 0; m < product.rows; ++m) {
    for (std::int64_t n = 0; n < product.columns; ++n) {
      double sum = product.adds ? c[static_cast<std::size_t>(m * product.c_row + n)] : 0;
      for (std::int64_t k = 0; k < product.depth; ++k) {
        sum += static_cast<double>(product.a[m * product.a_row + k * product.a_depth]) *
               product.b[k * product.b_row + n];
      }
      ASSERT_NEAR(first[static_cast<std::size_t>(m * product.c_row + n)], sum, kRounding * 33);
    }
  }
}

TEST(MatrixProduct, IsTheSumOfProductsAtEverySize) {
  for (const std::int64_t rows : kEdges) {
    for (const std::int64_t columns : kEdges) {
      for (const std::int64_t depth : {1, 5, 33}) {
        const auto a = random_floats(rows * depth, 1);
        const auto b = random_floats(depth * columns, 2);
        const auto c = random_floats(rows * columns, 3);
        MatrixProduct product{.rows = rows,
                              .columns = columns,
                              .depth = depth,
                              .a = a.data(),
                              .a_row = depth,
                              .a_depth = 1,
                              .b = b.data(),
                              .b_row = columns,
                              .c_row = columns};
        expect_formula(product, c);
        product.a_row = 1;
        product.a_depth = rows;
        product.adds = true;
        expect_formula(product, c);
      }
    }
  }
}

TEST(MatrixProduct, LeavesWhatLiesBesideItsColumns) {
  const std::vector<float> ones(64, 1);
  for (const Isa isa : available_isas()) {
    std::vector<float> c(12, -1);
    multiply({.rows = 2,
              .columns = 3,
              .depth = 4,
              .a = ones.data(),
              .a_row = 2,  // Rows that overlap.
              .a_depth = 1,
              .b = ones.data(),
              .b_row = 5,
              .c = c.data(),
              .c_row = 6},
             isa);
    EXPECT_EQ(c, (std::vector<float>{4, 4, 4, -1, -1, -1, 4, 4, 4, -1, -1, -1})) << name(isa);
  }
}

}  // namespace
}  // namespace quern
