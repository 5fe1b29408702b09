#include "tests/support/conv_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "quern/base/random.h"

namespace quern::test {
namespace {

std::int32_t output_extent(std::int32_t padded, std::int32_t kernel, const ConvShape& shape) {
  return (padded - (kernel - 1) * shape.dilation - 1) / shape.stride + 1;
}

bool is_depthwise(const ConvShape& shape) {
  return shape.groups == shape.channels && shape.groups == shape.output_channels;
}

}  // namespace

std::string to_string(const ConvShape& s) {
  return fmt::format(
      "{}x{}x{} -> {}, groups {}, kernel {}x{}, stride {}, dilation {}, pads {} {} {} {}, w{} a{} "
      "o{}, rounding {}, per channel {}, asymmetric {}, unused {}",
      s.height, s.width, s.channels, s.output_channels, s.groups, s.kernel_height, s.kernel_width,
      s.stride, s.dilation, s.top, s.left, s.bottom, s.right, s.weight_bits, s.input_bits,
      s.output_bits, static_cast<int>(s.rounding), s.per_channel, s.asymmetric, s.unused_bytes);
}

ConvCase::ConvCase(const ConvShape& shape, std::uint64_t seed) : shape_(shape) {
  Random random(seed);
  input = random_codes(
      layout(shape.height, shape.width, shape.channels, shape.input_bits, shape.unused_bytes),
      seed + 1);
  const std::int32_t depth =
      shape.kernel_height * shape.kernel_width * (shape.channels / shape.groups);
  for (std::int32_t o = 0; o < shape.output_channels; ++o) {
    const std::int64_t levels = std::int64_t{1} << shape.weight_bits;
    const std::int64_t first = shape.asymmetric ? random.integer(-levels + 1, 0) : -levels / 2;
    const bool is_dead = o % 5 == 4;
    for (std::int32_t k = 0; k < depth; ++k) {
      std::int64_t weight = first + random.integer(0, levels - 1);
      if (shape.weight_bits == 1) weight = 2 * random.integer(0, 1) - 1;
      weights_.push_back(static_cast<std::int32_t>(is_dead ? 0 : weight));
    }
    bias_.push_back(static_cast<std::int32_t>(random.integer(-2000, 2000)));
  }
  packed_ = pack_weights(weights_, shape.output_channels, shape.weight_bits,
                         is_depthwise(shape) ? 1 : shape.groups);
  conv = {
      .input = input.layout,
      .output =
          layout(output_extent(shape.height + shape.top + shape.bottom, shape.kernel_height, shape),
                 output_extent(shape.width + shape.left + shape.right, shape.kernel_width, shape),
                 shape.output_channels, shape.output_bits, shape.unused_bytes),
      .window = {shape.kernel_height, shape.kernel_width, shape.stride, shape.stride,
                 shape.dilation, shape.dilation, shape.top, shape.left},
      .groups = shape.groups,
      .padding = static_cast<std::int32_t>(random.integer(0, (1 << shape.input_bits) - 1)),
      .weights = {packed_.bits, packed_.depth, words_of_pair(packed_.depth, packed_.bits),
                  packed_.words.data(), packed_.zero.empty() ? nullptr : packed_.zero.data()},
      .bias = bias_.data(),
  };
  make_requantization(seed + 2);
}

void ConvCase::make_requantization(std::uint64_t seed) {
  Random random(seed);
  const std::int32_t high = shape_.output_bits == 32 ? INT32_MAX : (1 << shape_.output_bits) - 1;
  const std::int32_t entries = shape_.per_channel ? shape_.output_channels : 1;
  const bool counts = shape_.rounding == kQuernThresholds;
  for (std::int32_t entry = 0; entry < entries; ++entry) {
    const bool is_falling = random.integer(0, 2) == 0;
    const auto multiplier = static_cast<std::int32_t>(random.integer(1 << 30, INT32_MAX));
    multiplier_.push_back((counts ? 1 : multiplier) * (is_falling ? -1 : 1));
    shift_.push_back(static_cast<std::uint8_t>(random.integer(30, 44)));
    remainder_.push_back(static_cast<std::int32_t>(random.integer(-(1 << 30), 1 << 30)));
    highest_.push_back(static_cast<std::uint8_t>(random.integer(high / 2, high)));
    if (!counts) continue;
    std::vector<std::int32_t> row;
    for (std::int32_t j = 0; j < high; ++j) {
      row.push_back(static_cast<std::int32_t>(random.integer(-9000, 9000)));
    }
    std::ranges::sort(row);
    thresholds_.insert(thresholds_.end(), row.begin(), row.end());
  }
  const std::int32_t zero_point = shape_.output_bits == 32 ? 0 : high / 2;
  const std::int32_t low = shape_.output_bits == 32 ? INT32_MIN : 0;
  conv.requantize = {.rounding = shape_.rounding,
                     .zero_point = zero_point,
                     .low = low,
                     .high = high,
                     .stride = shape_.per_channel ? 1 : 0,
                     .multiplier = multiplier_.data(),
                     .shift = shift_.data(),
                     .remainder = remainder_.data(),
                     .highest = shape_.output_bits == 32 ? nullptr : highest_.data(),
                     .thresholds = thresholds_.data()};
}

Codes ConvCase::expected() const {
  Codes result = codes(conv.output);
  const std::int32_t group_inputs = shape_.channels / shape_.groups;
  const std::int32_t group_outputs = shape_.output_channels / shape_.groups;
  const auto tap = [&](std::int32_t y, std::int32_t x, std::int32_t c) {
    const bool is_inside = y >= 0 && y < shape_.height && x >= 0 && x < shape_.width;
    return is_inside ? input.at(y, x, c) : conv.padding;
  };
  std::size_t next = 0;
  for (std::int32_t y = 0; y < conv.output.height; ++y) {
    for (std::int32_t x = 0; x < conv.output.width; ++x) {
      auto weight = weights_.begin();
      for (std::int32_t o = 0; o < shape_.output_channels; ++o) {
        std::int32_t sum = bias_[static_cast<std::size_t>(o)];
        for (std::int32_t i = 0; i < shape_.kernel_height; ++i) {
          for (std::int32_t j = 0; j < shape_.kernel_width; ++j) {
            for (std::int32_t c = 0; c < group_inputs; ++c) {
              sum += *weight++ * tap(y * shape_.stride + i * shape_.dilation - shape_.top,
                                     x * shape_.stride + j * shape_.dilation - shape_.left,
                                     o / group_outputs * group_inputs + c);
            }
          }
        }
        result.values[next++] = requantized(conv.requantize, o, sum);
      }
    }
  }
  return result;
}

}  // namespace quern::test
