#include "quern/lower/output_stage.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/base/random.h"
#include "quern/quantizers/pointwise.h"
#include "tests/support/codes.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Node kLayer{.layer = "conv", .op = "Conv"};

/// One layer: a batch norm, an activation and a grid behind sums of random meaning.
struct Layer {
  Accumulator accumulator;
  Epilogue epilogue;
  PointwiseSpec reference;  ///< The same as a run computes it.
  Grid grid;
  std::int32_t channels;

  std::int32_t code(const OutputStage& stage, std::size_t c, std::int64_t sum) const {
    const std::size_t entry = stage.bias.size() == 1 ? 0 : c;
    const Requantization& by = stage.requantization;
    const auto data = [](const auto& values) { return values.empty() ? nullptr : values.data(); };
    const QuernRequantize to = {.rounding = by.rounding,
                                .zero_point = grid.stored_zero(),
                                .low = by.low,
                                .high = by.high,
                                .stride = by.multiplier.size() == 1 ? 0 : 1,
                                .multiplier = by.multiplier.data(),
                                .shift = data(by.shift),
                                .remainder = data(by.remainder),
                                .highest = data(by.highest),
                                .thresholds = data(by.thresholds)};
    return test::requantized(
        to, static_cast<std::int32_t>(c),
        static_cast<std::int32_t>(stage.sign[entry] * sum + stage.bias[entry]));
  }

  /// The float decision of a fake-quant run, whose sum is exact.
  std::int32_t decided(std::size_t c, std::int64_t sum) const {
    std::vector<float> x(static_cast<std::size_t>(channels));
    x[c] = static_cast<float>(static_cast<double>(sum) * accumulator.step[c] +
                              double{accumulator.offset[c]});
    std::vector<float> y(x.size());
    Pointwise(reference, channels)(x.data(), y.data(), channels);
    return static_cast<std::int32_t>(std::lround(y[c] / grid.scale)) + grid.stored_zero();
  }
};

/// Channel 0 has a factor of 0, channel 1 one below.
Layer random_layer(int bits, bool is_signed, std::uint64_t seed) {
  Random random(seed);
  Layer layer{.grid = {{.bits = bits, .is_signed = is_signed}, 0.11F, 0}, .channels = 5};
  layer.accumulator.offset.clear();
  for (int c = 0; c < layer.channels; ++c) {
    layer.accumulator.step.push_back(random.uniform(0.001, 0.01) * (8.0 / bits));
    layer.accumulator.offset.push_back(static_cast<float>(random.normal()));
    layer.accumulator.reach.push_back({random.integer(-900, -300), random.integer(300, 900)});
    const auto gamma = static_cast<float>(c == 0 ? 0 : (c == 1 ? -1 : 1) * random.uniform(0.2, 2));
    layer.reference.multiplier.push_back(gamma);
    layer.reference.offset.push_back(static_cast<float>(random.normal()));
  }
  layer.epilogue.append(Epilogue::Affine{layer.reference.multiplier, layer.reference.offset});
  if (!is_signed) {
    layer.epilogue.append(Epilogue::Clip{0, INFINITY});
    layer.reference.low = {0};
    layer.reference.high = {INFINITY};
  }
  layer.reference.grid = layer.grid.spec;
  layer.reference.params = {{layer.grid.scale}, {0}};
  return layer;
}

OutputStage stage_of(const Layer& layer, const LowerOptions& options) {
  return output_stage(kLayer, layer.accumulator, layer.epilogue, layer.grid, layer.channels,
                      /*bias_per_channel=*/true, options);
}

/// Calls `check(layer, channel, sum)` for every sum that can occur.
template <class Check>
void for_every_sum(Check check) {
  for (const int bits : {8, 4, 2}) {
    for (const bool is_signed : {true, false}) {
      const Layer layer = random_layer(bits, is_signed, static_cast<std::uint64_t>(bits));
      for (std::size_t c = 0; c < static_cast<std::size_t>(layer.channels); ++c) {
        const Reach& reach = layer.accumulator.reach[c];
        for (std::int64_t sum = reach.low; sum <= reach.high; ++sum) check(layer, c, sum);
      }
    }
  }
}

TEST(OutputStage, OfThresholdsIsTheFloatDecisionOnEverySum) {
  std::map<int, OutputStage> stages;
  for_every_sum([&](const Layer& layer, std::size_t c, std::int64_t sum) {
    const int key = layer.grid.spec.bits * 2 + (layer.grid.spec.is_signed ? 1 : 0);
    if (!stages.contains(key)) stages[key] = stage_of(layer, {.fold = Fold::kThresholds});
    ASSERT_EQ(layer.code(stages[key], c, sum), layer.decided(c, sum)) << c << ": " << sum;
  });
}

TEST(OutputStage, OfMultipliersIsTheFloatDecisionButOnTies) {
  for (const Fold fold : {Fold::kIcn, Fold::kWeights}) {
    std::map<int, OutputStage> stages;
    std::int64_t differing = 0;
    for_every_sum([&](const Layer& layer, std::size_t c, std::int64_t sum) {
      const int key = layer.grid.spec.bits * 2 + (layer.grid.spec.is_signed ? 1 : 0);
      if (!stages.contains(key)) stages[key] = stage_of(layer, {.fold = fold});
      differing += layer.code(stages[key], c, sum) != layer.decided(c, sum) ? 1 : 0;
    });
    // A tie of random real numbers does not occur; the float run itself rounds at 2^-24.
    EXPECT_LE(differing, 1) << name(fold);
  }
}

TEST(OutputStage, PutsTheSignWhereTheFoldSays) {
  const Layer layer = random_layer(8, true, 1);
  const OutputStage icn = stage_of(layer, {.fold = Fold::kIcn});
  EXPECT_THAT(icn.sign, ElementsAre(0, 1, 1, 1, 1)) << "a factor of 0 makes a constant channel";
  EXPECT_LT(icn.requantization.multiplier[1], 0);
  const OutputStage weights = stage_of(layer, {.fold = Fold::kWeights});
  EXPECT_THAT(weights.sign, ElementsAre(0, -1, 1, 1, 1));
  EXPECT_GT(weights.requantization.multiplier[1], 0);
}

TEST(OutputStage, RoundsTheBiasAsPublishedWithFloor) {
  const Layer layer = random_layer(8, true, 1);
  const OutputStage floor = stage_of(layer, {.rounding = RequantizeRounding::kFloor});
  EXPECT_EQ(floor.requantization.rounding, kQuernFloor);
  EXPECT_TRUE(floor.requantization.remainder.empty());
  // B = round((β / γ − μ + b) / (S_in · S_w)), M = γ · S_in · S_w / S_out.
  const double gamma = layer.reference.multiplier[2];
  const double offset = layer.reference.offset[2] / gamma + layer.accumulator.offset[2];
  EXPECT_EQ(floor.bias[2], std::nearbyint(offset / layer.accumulator.step[2]));
  EXPECT_NEAR(std::ldexp(floor.requantization.multiplier[2], -floor.requantization.shift[2]),
              gamma * layer.accumulator.step[2] / layer.grid.scale, 1e-9);
}

TEST(OutputStage, FollowsAGridThatRoundsDown) {
  Layer layer = random_layer(8, true, 1);
  layer.grid.spec.rounding = Rounding::kFloor;
  const OutputStage stage = stage_of(layer, {});
  EXPECT_EQ(stage.requantization.rounding, kQuernFloor);
  EXPECT_FALSE(stage.requantization.remainder.empty()) << "only the published profile drops it";
}

TEST(OutputStage, EndsEveryChannelWhereItsClipDoes) {
  Layer layer = random_layer(8, false, 1);
  layer.epilogue = {};
  layer.epilogue.append(Epilogue::Clip{0, 6});
  layer.epilogue.append(Epilogue::Affine{.multiplier = {1, 2, 3, 0.5F, 0.1F}});
  const OutputStage stage = stage_of(layer, {});
  EXPECT_THAT(stage.requantization.highest, ElementsAre(55, 109, 164, 27, 5));
  EXPECT_EQ(stage.requantization.high, 164);
  EXPECT_EQ(layer.code(stage, 3, 900'000), 27);
}

TEST(OutputStage, IsOneMultiplierWhereChannelsAreAlike) {
  Layer layer = random_layer(8, true, 1);
  layer.epilogue = {};
  layer.accumulator.step.assign(5, 0.01);
  layer.accumulator.offset = {0};
  const OutputStage stage = stage_of(layer, {});
  EXPECT_EQ(stage.requantization.multiplier.size(), 1U);
  EXPECT_TRUE(stage.requantization.remainder.empty());
}

TEST(OutputStage, TakesThresholdsWhereNoMultiplierSaysIt) {
  const auto expect_thresholds = [](const Layer& layer, bool bias_per_channel,
                                    const std::string& reason) {
    const OutputStage stage = output_stage(kLayer, layer.accumulator, layer.epilogue, layer.grid,
                                           layer.channels, bias_per_channel, {});
    EXPECT_EQ(stage.requantization.rounding, kQuernThresholds);
    EXPECT_THAT(stage.note, HasSubstr(reason));
  };
  const Layer plain = random_layer(4, true, 1);
  expect_thresholds(plain, false, "different biases");
  Layer curved = plain;
  curved.epilogue.append(Epilogue::Function{[](float x) { return std::tanh(x); }, true});
  expect_thresholds(curved, true, "no line");
  Layer upwards = plain;
  upwards.grid.spec.rounding = Rounding::kCeil;
  expect_thresholds(upwards, true, "rounds neither to nearest nor down");
  Layer clipped = plain;
  clipped.epilogue.append(Epilogue::Clip{-0.3F, 0.3F});
  clipped.epilogue.append(Epilogue::Affine{.multiplier = {1, 1, 1, 1, 0.2F}});
  expect_thresholds(clipped, true, "different low codes");
  Layer halves{.accumulator = {.step = {0.05}, .reach = {{-20, 20}}},
               .grid = {{.bits = 8}, 0.1F, 0},
               .channels = 3};
  expect_thresholds(halves, false, "halfway between two codes");
}

TEST(OutputStage, MakesAChannelConstantWhoseBiasIsTooLarge) {
  Layer layer = random_layer(8, true, 1);
  layer.epilogue = {};
  layer.epilogue.append(Epilogue::Affine{.multiplier = {1e-12F}, .offset = {1, 1, 1, 1, 1}});
  const OutputStage stage = stage_of(layer, {});
  EXPECT_THAT(stage.sign, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(layer.code(stage, 2, 300), layer.grid.code_of(1));
}

TEST(OutputStage, RefusesAFunctionThatRisesAndFalls) {
  Layer layer = random_layer(8, true, 1);
  layer.epilogue.append(Epilogue::Function{[](float x) { return x * x; }, false});
  test::expect_error(ErrorCode::kUnsupported,
                     "cannot lower layer 'conv' (Conv): an activation that both rises and falls",
                     [&] { stage_of(layer, {}); });
}

}  // namespace
}  // namespace quern
