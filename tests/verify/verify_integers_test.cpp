#include "quern/verify/verify_integers.h"

#include <gmock/gmock.h>

#include "quern/base/random.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class VerifyIntegers : public testing::Test {
 protected:
  VerifyReport verify(const IntModel& model, const LowerOptions& options = {}) {
    return verify_integers(network_.graph, model, options, network_.samples, network_.loader);
  }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork network_ = test::quantized_network(folder_.path());
};

TEST_F(VerifyIntegers, HoldsForWhatLoweringGives) {
  for (const Fold fold : {Fold::kWeights, Fold::kIcn, Fold::kThresholds}) {
    const LowerOptions options{.fold = fold};
    const VerifyReport report = verify(lower(network_.graph, options).model, options);
    EXPECT_TRUE(report.holds());
    EXPECT_EQ(report.images, 6U);
    ASSERT_EQ(report.pairs.size(), 3U);
    EXPECT_THAT(report.pairs[0].forms, ElementsAre("fake-quant", "exact"));
    EXPECT_THAT(report.pairs[1].forms, ElementsAre("exact", "engine"));
    EXPECT_THAT(report.pairs[2].forms, ElementsAre("fake-quant float32", "exact"));
    EXPECT_GT(report.pairs[0].elements, 10000);
    EXPECT_GE(report.pairs[1].elements, report.pairs[0].elements);
    EXPECT_EQ(report.pairs[1].differing, 0);
    EXPECT_EQ(report.pairs[1].first_layer, "");
    EXPECT_FALSE(report.altered.has_value());
  }
}

TEST_F(VerifyIntegers, RunsTheGeneratedCToo) {
  const IntModel model = lower(network_.graph).model;
  const VerifyReport report = verify_integers(network_.graph, model, {}, network_.samples,
                                              network_.loader, {CMachine::kHost});
  EXPECT_TRUE(report.holds());
  ASSERT_EQ(report.pairs.size(), 4U);
  EXPECT_THAT(report.pairs[3].forms, ElementsAre("engine", "c on host"));
  EXPECT_EQ(report.pairs[3].elements, report.pairs[1].elements);
  EXPECT_EQ(report.pairs[3].differing, 0);
}

TEST_F(VerifyIntegers, ThresholdsAreTheFloatDecision) {
  const LowerOptions options{.fold = Fold::kThresholds};
  const VerifyReport report = verify(lower(network_.graph, options).model, options);
  EXPECT_EQ(report.pairs[0].differing, 0);
}

/// Changes one number of a convolution or a table, the one that `choice` picks.
void change(IntOp& op, std::size_t choice) {
  if (auto* lookup = std::get_if<IntLookup>(&op.kind)) {
    lookup->table[choice % lookup->table.size()] ^= 1;
    return;
  }
  auto& conv = std::get<IntConv>(op.kind);
  Requantization& to = conv.requantization;
  std::vector<std::int32_t*> numbers = {&conv.bias.front(), &conv.bias.back()};
  if (to.rounding == kQuernNearest) numbers.push_back(&to.multiplier.front());
  if (!to.remainder.empty()) numbers.push_back(&to.remainder.front());
  if (!to.thresholds.empty()) numbers.push_back(&to.thresholds.front());
  choice %= numbers.size() + 2;
  if (choice < numbers.size()) {
    *numbers[choice] -= 1;
  } else if (choice == numbers.size() && !to.shift.empty()) {
    to.shift.back() -= 1;
  } else {
    conv.weights.words.front() ^= 1;
  }
}

TEST_F(VerifyIntegers, FindsTheLayerOfOneChangedNumber) {
  network_.samples.resize(1);
  Random random(1);
  for (const Fold fold : {Fold::kIcn, Fold::kThresholds}) {
    const LowerOptions options{.fold = fold};
    const IntModel model = lower(network_.graph, options).model;
    for (std::size_t choice = 0; choice < 30; ++choice) {
      IntModel changed = model;
      IntOp* op = nullptr;
      do {
        op = &changed.ops[static_cast<std::size_t>(random.integer(0, std::ssize(changed.ops) - 1))];
      } while (!std::holds_alternative<IntConv>(op->kind) &&
               !std::holds_alternative<IntLookup>(op->kind));
      change(*op, choice);
      SCOPED_TRACE(fmt::format("{}, choice {} of '{}'", name(fold), choice, op->layer));
      const VerifyReport report = verify(changed, options);
      EXPECT_FALSE(report.holds());
      ASSERT_TRUE(report.altered.has_value());
      EXPECT_EQ(report.altered->layer, op->layer);
      EXPECT_EQ(report.pairs[1].first_layer, op->layer);
      EXPECT_THAT(report.pairs[1].cause, HasSubstr(", expected "));
    }
  }
}

TEST_F(VerifyIntegers, RefusesAnotherNetwork) {
  IntModel model = lower(network_.graph).model;
  model.ops.pop_back();
  const VerifyReport report = verify(model);
  EXPECT_FALSE(report.holds());
  EXPECT_THAT(report.pairs[0].cause, HasSubstr("the number of ops is "));
}

TEST_F(VerifyIntegers, FindsALayerThatIsFarFromFakeQuant) {
  const IntModel model = lower(network_.graph).model;
  for (const NodeId id : network_.graph.nodes_of("Conv")) {
    const Node& node = network_.graph.node(id);
    if (node.layer != "wide") continue;
    // The graph says another thing than what the integers were made of.
    Scale& scale = network_.graph.scale(
        network_.graph.quantizer(network_.graph.quant_of(node.inputs[1])->quantizer).scale);
    for (float& value : scale.values) value *= 1.5F;
  }
  const VerifyReport report = verify(model);
  EXPECT_FALSE(report.pairs[1].holds);
  EXPECT_EQ(report.pairs[1].first_layer, "wide");
}

TEST_F(VerifyIntegers, LetsFloorBeACodeLower) {
  const LowerOptions options{.rounding = RequantizeRounding::kFloor};
  const VerifyReport report = verify(lower(network_.graph, options).model, options);
  EXPECT_TRUE(report.holds());
  EXPECT_GT(report.pairs[0].differing, report.pairs[0].elements / 100);
  EXPECT_EQ(report.pairs[0].largest, 1);
  std::int64_t differing = 0;
  for (const auto& [kind, of] : report.pairs[0].by_kind) differing += of;
  EXPECT_EQ(differing, report.pairs[0].differing);
  EXPECT_GT(report.pairs[0].by_kind.at("conv"), 0);
}

TEST_F(VerifyIntegers, IsTheSameForAnyNumberOfThreads) {
  const IntModel model = lower(network_.graph).model;
  network_.loader.threads = 1;
  const VerifyReport one = verify(model);
  network_.loader.threads = 3;
  const VerifyReport three = verify(model);
  EXPECT_EQ(one.pairs[0].differing, three.pairs[0].differing);
  EXPECT_EQ(one.pairs[0].elements, three.pairs[0].elements);
}

}  // namespace
}  // namespace quern
