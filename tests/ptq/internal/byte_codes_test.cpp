#include "quern/ptq/internal/byte_codes.h"

#include <gtest/gtest.h>

#include "tests/support/network.h"

namespace quern {
namespace {

using internal::ByteCodes;

constexpr float kScale = 0.0235294F;  // 6 / 255: quotients of its multiples are not all integers.

/// The input behind a Quant on this grid.
struct Quantized {
  Quantized(const QuantSpec& spec, std::vector<float> scales, std::int32_t zero_point = 0) {
    test::Network net(3, 8);
    graph = net.finish({net.op("relu", "Relu", {net.input()})});
    Quantizer entry{.name = "grid", .spec = spec};
    entry.scale = graph.add_scale({.name = "scale", .values = std::move(scales)});
    entry.zero_point = {zero_point};
    const NodeId quant = graph.insert_quant(graph.inputs()[0], graph.add_quantizer(entry), "quant");
    value = graph.node(quant).outputs[0];
  }
  Graph graph;
  ValueId value;
};

TEST(ByteCodes, GiveEveryNumberOfAGridAgain) {
  const QuantSpec is_unsigned = {.bits = 8, .is_signed = false};
  const QuantSpec is_signed = {.bits = 8};
  const QuantSpec narrow = {.bits = 5, .narrow_range = true};
  for (const auto& [spec, zero_point] : {std::pair{is_unsigned, 0},
                                         {is_unsigned, 128},
                                         {is_signed, 0},
                                         {is_signed, -3},
                                         {narrow, 0}}) {
    const Quantized made(spec, {kScale}, zero_point);
    const auto codes = ByteCodes::of(made.graph, QuantMode::kFakeQuant, made.value);
    ASSERT_TRUE(codes);
    std::vector<float> numbers;
    for (std::int64_t q = spec.qmin(); q <= spec.qmax(); ++q) {
      numbers.push_back((static_cast<float>(q) - static_cast<float>(zero_point)) * kScale);
    }
    const std::vector<std::byte> bytes = codes->encode(numbers);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      ASSERT_EQ(std::to_integer<std::size_t>(bytes[i]), i);
    }
    std::vector<float> found(numbers.size());
    codes->decode(bytes, found);
    EXPECT_EQ(found, numbers);
  }
}

TEST(ByteCodes, AreNoneForFloatsAndWideGrids) {
  const Quantized bytes({.bits = 8}, {kScale});
  EXPECT_FALSE(ByteCodes::of(bytes.graph, QuantMode::kFloat, bytes.value));
  EXPECT_FALSE(ByteCodes::of(bytes.graph, QuantMode::kFakeQuant, bytes.graph.inputs()[0]));
  const Quantized wide({.bits = 9}, {kScale});
  EXPECT_FALSE(ByteCodes::of(wide.graph, QuantMode::kFakeQuant, wide.value));
  const Quantized per_channel(
      {.bits = 8, .granularity = Granularity::kPerChannel, .channel_axis = 1},
      {kScale, kScale, kScale});
  EXPECT_FALSE(ByteCodes::of(per_channel.graph, QuantMode::kFakeQuant, per_channel.value));
}

}  // namespace
}  // namespace quern
