#include "quern/runtime/elementwise.h"

#include <gmock/gmock.h>

#include "tests/support/codes.h"

namespace quern {
namespace {

constexpr std::int32_t kBits[] = {8, 4, 2};

/// Inputs and outputs of all tests: odd extents, unused bytes, one row apart from the others.
QuernTensor shape(std::int32_t bits) { return test::layout(3, 5, 7, bits, 1); }

template <class Kernel>
std::vector<std::int32_t> run(const QuernTensor& output, Kernel&& kernel) {
  std::vector<std::uint8_t> to(test::buffer_bytes(output));
  kernel(to.data(), 0, 1);
  kernel(to.data(), 1, 3);
  return test::unpack(output, to).values;
}

TEST(Elementwise, AddEqualsTheFormula) {
  const std::int32_t multiplier = 1 << 30;
  const std::uint8_t shift = 46;
  for (const std::int32_t bits_a : kBits) {
    for (const std::int32_t bits_b : kBits) {
      for (const std::int32_t bits : {8, 4, 2, 32}) {
        const test::Codes a = test::random_codes(shape(bits_a), 1);
        const test::Codes b = test::random_codes(shape(bits_b), 2);
        const std::int32_t high = bits == 32 ? INT32_MAX : (1 << bits) - 1;
        const std::int32_t low = bits == 32 ? INT32_MIN : 0;
        const QuernAdd add = {
            a.layout,
            b.layout,
            shape(bits),
            41000,
            -65000,
            -700000,
            {kQuernNearest, bits == 32 ? 0 : 1, low, high, 0, &multiplier, &shift, nullptr}};
        const std::vector<std::uint8_t> from_a = test::pack(a), from_b = test::pack(b);
        std::vector<std::int32_t> expected;
        for (std::size_t i = 0; i < a.values.size(); ++i) {
          expected.push_back(test::requantized(add.requantize, 0,
                                               a.values[i] * 41000 - b.values[i] * 65000 - 700000));
        }
        EXPECT_EQ(run(add.output,
                      [&](std::uint8_t* to, std::int32_t begin, std::int32_t end) {
                        quern_add(&add, from_a.data(), from_b.data(), to, begin, end);
                      }),
                  expected);
      }
    }
  }
}

TEST(Elementwise, AffineHasAFactorPerChannel) {
  const std::vector<std::int32_t> factor = {1000, -2000, 3000, 0, 5, 70000, -1};
  const std::vector<std::int32_t> bias = {0, 255000, -7, 130000, 5, -600000, 1};
  const std::int32_t multiplier = 1 << 30;
  const std::uint8_t shift = 41;
  for (const std::int32_t input_bits : kBits) {
    for (const std::int32_t bits : kBits) {
      const test::Codes input = test::random_codes(shape(input_bits), 3);
      const std::vector<std::uint8_t> from = test::pack(input);
      const QuernAffine affine = {
          input.layout,
          shape(bits),
          factor.data(),
          bias.data(),
          {kQuernFloor, 0, 0, (1 << bits) - 1, 0, &multiplier, &shift, nullptr}};
      std::vector<std::int32_t> expected;
      for (std::size_t i = 0; i < input.values.size(); ++i) {
        const std::int32_t accumulator = input.values[i] * factor[i % 7] + bias[i % 7];
        expected.push_back(test::requantized(affine.requantize, 0, accumulator));
      }
      EXPECT_EQ(run(affine.output,
                    [&](std::uint8_t* to, std::int32_t begin, std::int32_t end) {
                      quern_affine(&affine, from.data(), to, begin, end);
                    }),
                expected);
    }
  }
}

TEST(Elementwise, LookupReadsOneTableOrOnePerChannel) {
  for (const std::int32_t input_bits : kBits) {
    for (const std::int32_t bits : kBits) {
      for (const bool per_channel : {true, false}) {
        const test::Codes input = test::random_codes(shape(input_bits), 4);
        const std::vector<std::uint8_t> from = test::pack(input);
        const std::int32_t levels = 1 << input_bits;
        const test::Codes table = test::random_codes(test::layout(1, 7, levels, bits), 5);
        const std::vector<std::uint8_t> bytes(table.values.begin(), table.values.end());
        const QuernLookup lookup = {input.layout, shape(bits), per_channel ? levels : 0,
                                    bytes.data()};
        std::vector<std::int32_t> expected;
        for (std::size_t i = 0; i < input.values.size(); ++i) {
          const std::size_t first = per_channel ? i % 7 * static_cast<std::size_t>(levels) : 0;
          expected.push_back(table.values[first + static_cast<std::size_t>(input.values[i])]);
        }
        EXPECT_EQ(run(lookup.output,
                      [&](std::uint8_t* to, std::int32_t begin, std::int32_t end) {
                        quern_lookup(&lookup, from.data(), to, begin, end);
                      }),
                  expected);
      }
    }
  }
}

}  // namespace
}  // namespace quern
