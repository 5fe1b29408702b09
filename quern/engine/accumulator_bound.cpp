#include "quern/engine/accumulator_bound.h"

#include <cstddef>

namespace quern {
namespace {

std::int64_t largest_code(std::int32_t bits) { return (std::int64_t{1} << bits) - 1; }

std::int64_t magnitude(std::int64_t value) { return value < 0 ? -value : value; }

}  // namespace

std::int64_t accumulator_bound(const IntConv& conv, std::int32_t input_bits, std::int32_t channel) {
  const auto c = static_cast<std::size_t>(channel);
  const std::int64_t zero = conv.weights.zero.empty() ? 0 : conv.weights.zero[c];
  const std::int64_t sum =
      magnitude_sum(conv.weights, channel) + magnitude(zero) * conv.weights.depth;
  return sum * largest_code(input_bits) + magnitude(conv.bias[c]);
}

std::int64_t accumulator_bound(const IntAveragePool& pool, const IntTensor& input) {
  const std::int64_t taps = std::int64_t{pool.window.height} * pool.window.width;
  return taps * (largest_code(input.bits) + magnitude(input.zero_point));
}

std::int64_t accumulator_bound(const IntAdd& add, std::int32_t bits_a, std::int32_t bits_b) {
  return largest_code(bits_a) * magnitude(add.factor_a) +
         largest_code(bits_b) * magnitude(add.factor_b) + magnitude(add.bias);
}

std::int64_t accumulator_bound(const IntAffine& affine, std::int32_t input_bits,
                               std::int32_t channel) {
  const auto c = static_cast<std::size_t>(channel);
  return largest_code(input_bits) * magnitude(affine.factor[c]) + magnitude(affine.bias[c]);
}

}  // namespace quern
