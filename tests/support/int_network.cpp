#include "tests/support/int_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "quern/base/random.h"
#include "quern/engine/memory_plan.h"
#include "quern/engine/schedule.h"

namespace quern::test {
namespace {

std::int32_t draw(Random& random, std::int64_t low, std::int64_t high) {
  return static_cast<std::int32_t>(random.integer(low, high));
}

}  // namespace

IntNetwork::IntNetwork(std::uint64_t seed) : seed_(seed) {}

const IntTensor& IntNetwork::tensor(TensorIndex index) const {
  return model.tensors.at(static_cast<std::size_t>(index));
}

TensorIndex IntNetwork::add_tensor(std::int32_t height, std::int32_t width, std::int32_t channels,
                                   std::int32_t bits) {
  Random random(seed_++);
  model.tensors.push_back({.name = fmt::format("t{}", model.tensors.size()),
                           .height = height,
                           .width = width,
                           .channels = channels,
                           .bits = bits,
                           .scale = {0.5F},
                           .zero_point = bits == 32 ? 0 : draw(random, 0, (1 << bits) - 1)});
  return static_cast<TensorIndex>(model.tensors.size()) - 1;
}

template <class Kind>
TensorIndex IntNetwork::add_op(std::vector<TensorIndex> inputs, TensorIndex output, Kind kind) {
  model.ops.push_back({.layer = fmt::format("layer{}", model.ops.size()),
                       .inputs = std::move(inputs),
                       .output = output,
                       .kind = std::move(kind)});
  return output;
}

TensorIndex IntNetwork::input(std::int32_t height, std::int32_t width, std::int32_t channels,
                              std::int32_t bits, InputKind kind) {
  const TensorIndex tensor = add_tensor(height, width, channels, bits);
  model.inputs.push_back({.tensor = tensor, .kind = kind});
  return tensor;
}

Requantization IntNetwork::requantization(QuernRounding rounding, std::int32_t bits,
                                          std::int32_t entries, std::int64_t accumulator) {
  Random random(seed_++);
  const std::int32_t high = bits == 32 ? INT32_MAX : (1 << bits) - 1;
  Requantization to{.rounding = rounding, .low = bits == 32 ? INT32_MIN : 0, .high = high};
  if (rounding == kQuernAccumulator) return to;
  // A shift that brings usual accumulators into the range of codes.
  std::int32_t shift = 30;
  while (bits != 32 && shift < 62 && accumulator >> (shift - 30) > high) ++shift;
  for (std::int32_t entry = 0; entry < entries; ++entry) {
    const std::int32_t sign = random.integer(0, 3) == 0 ? -1 : 1;
    if (rounding != kQuernThresholds) {
      to.multiplier.push_back(sign * draw(random, 1 << 30, INT32_MAX));
      to.shift.push_back(static_cast<std::uint8_t>(shift));
      to.remainder.push_back(draw(random, -(1 << 30), 1 << 30));
      continue;
    }
    to.multiplier.push_back(sign);
    std::vector<std::int32_t> row;
    for (std::int32_t j = 0; j < high; ++j) {
      row.push_back(draw(random, -accumulator / 2, accumulator / 2));
    }
    std::ranges::sort(row);
    to.thresholds.insert(to.thresholds.end(), row.begin(), row.end());
  }
  return to;
}

TensorIndex IntNetwork::add_conv(TensorIndex from, const QuernWindow& window, std::int32_t height,
                                 std::int32_t width, std::int32_t channels, std::int32_t groups,
                                 std::int32_t weight_bits, std::int32_t bits,
                                 QuernRounding rounding) {
  Random random(seed_++);
  const IntTensor input = tensor(from);
  const std::int32_t depth = window.height * window.width * (input.channels / groups);
  std::vector<std::int32_t> weights, bias;
  for (std::int32_t i = 0; i < depth * channels; ++i) {
    const std::int32_t half = weight_bits == 1 ? 0 : 1 << (weight_bits - 1);
    weights.push_back(weight_bits == 1 ? 2 * draw(random, 0, 1) - 1
                                       : draw(random, -half, half - 1));
  }
  for (std::int32_t o = 0; o < channels; ++o) bias.push_back(draw(random, -500, 500));
  const bool depthwise = groups == input.channels && groups == channels;
  IntConv conv{.window = window,
               .groups = groups,
               .padding = input.zero_point,
               .weights = pack_weights(weights, channels, weight_bits, depthwise ? 1 : groups),
               .weight_scale = {0.25F},
               .bias = std::move(bias)};
  const std::int64_t usual = std::int64_t{depth} << (input.bits + weight_bits - 2);
  conv.requantization = requantization(rounding, bits, channels, usual);
  return add_op({from}, add_tensor(height, width, channels, bits), std::move(conv));
}

TensorIndex IntNetwork::conv(TensorIndex from, std::int32_t channels, std::int32_t kernel,
                             std::int32_t stride, std::int32_t weight_bits, std::int32_t bits,
                             QuernRounding rounding) {
  const IntTensor& input = tensor(from);
  const std::int32_t margin = kernel / 2;
  return add_conv(from, {kernel, kernel, stride, stride, 1, 1, margin, margin},
                  (input.height - 1) / stride + 1, (input.width - 1) / stride + 1, channels, 1,
                  weight_bits, bits, rounding);
}

TensorIndex IntNetwork::depthwise(TensorIndex from, std::int32_t stride, std::int32_t weight_bits,
                                  std::int32_t bits) {
  const IntTensor& input = tensor(from);
  return add_conv(from, {3, 3, stride, stride, 1, 1, 1, 1}, (input.height - 1) / stride + 1,
                  (input.width - 1) / stride + 1, input.channels, input.channels, weight_bits, bits,
                  kQuernNearest);
}

TensorIndex IntNetwork::fully_connected(TensorIndex from, std::int32_t channels,
                                        std::int32_t weight_bits) {
  const IntTensor& input = tensor(from);
  return add_conv(from, {input.height, input.width, 1, 1, 1, 1, 0, 0}, 1, 1, channels, 1,
                  weight_bits, 32, kQuernAccumulator);
}

TensorIndex IntNetwork::max_pool(TensorIndex from) {
  const IntTensor input = tensor(from);
  const TensorIndex output =
      add_tensor((input.height + 1) / 2, (input.width + 1) / 2, input.channels, input.bits);
  model.tensors.back().zero_point = input.zero_point;
  return add_op({from}, output, IntMaxPool{{2, 2, 2, 2, 1, 1, 0, 0}});
}

TensorIndex IntNetwork::average_pool(TensorIndex from) {
  const IntTensor input = tensor(from);
  const TensorIndex output = add_tensor(input.height, input.width, input.channels, input.bits);
  const std::int64_t usual = std::int64_t{9} << input.bits;
  return add_op({from}, output,
                IntAveragePool{{3, 3, 1, 1, 1, 1, 1, 1},
                               requantization(kQuernNearest, input.bits, 9, usual)});
}

TensorIndex IntNetwork::add(TensorIndex a, TensorIndex b, std::int32_t bits) {
  Random random(seed_++);
  const IntTensor input = tensor(a);
  const TensorIndex output = add_tensor(input.height, input.width, input.channels, bits);
  IntAdd kind{.factor_a = draw(random, 1000, 100000),
              .factor_b = draw(random, 1000, 100000),
              .bias = draw(random, -1000000, 1000000)};
  kind.requantization = requantization(kQuernNearest, bits, 1, 200000LL << tensor(a).bits);
  return add_op({a, b}, output, std::move(kind));
}

TensorIndex IntNetwork::affine(TensorIndex from, std::int32_t bits) {
  Random random(seed_++);
  const IntTensor input = tensor(from);
  const TensorIndex output = add_tensor(input.height, input.width, input.channels, bits);
  IntAffine kind;
  for (std::int32_t c = 0; c < input.channels; ++c) {
    kind.factor.push_back(draw(random, -100000, 100000));
    kind.bias.push_back(draw(random, -1000000, 1000000));
  }
  kind.requantization = requantization(kQuernFloor, bits, input.channels, 100000LL << input.bits);
  return add_op({from}, output, std::move(kind));
}

TensorIndex IntNetwork::lookup(TensorIndex from, std::int32_t bits, bool per_channel) {
  Random random(seed_++);
  const IntTensor input = tensor(from);
  const TensorIndex output = add_tensor(input.height, input.width, input.channels, bits);
  IntLookup kind;
  for (std::int32_t i = 0; i < (per_channel ? input.channels : 1) << input.bits; ++i) {
    kind.table.push_back(static_cast<std::uint8_t>(draw(random, 0, (1 << bits) - 1)));
  }
  return add_op({from}, output, std::move(kind));
}

TensorIndex IntNetwork::concat(const std::vector<TensorIndex>& from) {
  std::int32_t channels = 0;
  for (const TensorIndex part : from) channels += tensor(part).channels;
  const IntTensor first = tensor(from[0]);
  return add_op(from, add_tensor(first.height, first.width, channels, first.bits), IntConcat{});
}

TensorIndex IntNetwork::pad(TensorIndex from) {
  const IntTensor input = tensor(from);
  const TensorIndex output =
      add_tensor(input.height + 1, input.width + 1, input.channels, input.bits);
  return add_op({from}, output, IntPad{.top = 2, .left = -1, .value = 1});
}

TensorIndex IntNetwork::resize(TensorIndex from, std::int32_t height, std::int32_t width) {
  const IntTensor input = tensor(from);
  IntResize kind;
  for (std::int32_t y = 0; y < height; ++y) {
    kind.row.push_back(static_cast<std::uint16_t>(y * input.height / height));
  }
  for (std::int32_t x = 0; x < width; ++x) {
    kind.column.push_back(static_cast<std::uint16_t>(x * input.width / width));
  }
  return add_op({from}, add_tensor(height, width, input.channels, input.bits), std::move(kind));
}

IntModel IntNetwork::finish(const std::vector<TensorIndex>& outputs) {
  IntModel result = model;
  result.outputs = outputs;
  result.schedule = schedule_layers(result);
  result.memory = plan_memory(result);
  result.provenance["source"] = "random";
  return result;
}

IntModel every_op(std::uint64_t seed) {
  IntNetwork net(seed);
  const TensorIndex pixels = net.input(9, 11, 3, 8, InputKind::kPixels);
  const TensorIndex codes = net.lookup(pixels, 8, /*per_channel=*/true);
  const TensorIndex first = net.conv(codes, 6, 3, 2, 8, 8);
  const TensorIndex wide = net.conv(first, 18, 1, 1, 4, 4);
  const TensorIndex middle = net.depthwise(wide, 1, 8, 4);
  const TensorIndex narrow = net.conv(middle, 6, 1, 1, 2, 8, kQuernFloor);
  const TensorIndex sum = net.add(first, narrow, 8);
  const TensorIndex scaled = net.affine(sum, 8);
  const TensorIndex counted = net.conv(scaled, 5, 3, 1, 1, 2, kQuernThresholds);
  const TensorIndex grown = net.resize(net.max_pool(counted), 5, 6);
  const TensorIndex joined = net.concat({counted, grown});
  const TensorIndex moved = net.pad(net.average_pool(joined));
  return net.finish({net.fully_connected(moved, 7, 8), sum});
}

IntModel streamed_rows(std::uint64_t seed) {
  IntNetwork net(seed);
  const TensorIndex input = net.input(12, 5, 3, 8);
  const TensorIndex a = net.conv(input, 4, 3, 1, 8, 8);
  const TensorIndex b = net.depthwise(a, 1, 8, 4);
  IntModel model = net.finish({net.conv(b, 3, 3, 1, 4, 8)});
  model.schedule.clear();
  std::int32_t rows[3] = {0, 0, 0};
  for (std::int32_t y = 0; y < 12; ++y) {
    for (const OpIndex op : {0, 1, 2}) {
      const std::int32_t begin = std::exchange(rows[op], std::min(y + 3 - op, 12));
      if (begin < rows[op]) model.schedule.push_back({op, begin, rows[op]});
    }
  }
  model.memory = plan_memory(model);
  return model;
}

std::vector<Codes> random_inputs(const IntModel& model, std::uint64_t seed) {
  std::vector<Codes> inputs;
  for (const IntInput& input : model.inputs) {
    const IntTensor& tensor = model.tensors.at(static_cast<std::size_t>(input.tensor));
    inputs.push_back(
        random_codes(layout(tensor.height, tensor.width, tensor.channels, tensor.bits), seed++));
  }
  return inputs;
}

}  // namespace quern::test
