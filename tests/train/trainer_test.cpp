#include "quern/train/trainer.h"

#include <gmock/gmock.h>

#include <limits>

#include "quern/base/random.h"
#include "quern/passes/learn_scales.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

constexpr std::int64_t kBatch = 8;
constexpr std::int64_t kExtent = 8;

/// Pictures whose first channel says what output 0 should answer, and the second output 1.
struct Pictures {
  Tensor images;
  Tensor targets;

  explicit Pictures(std::uint64_t seed)
      : images(DType::kFloat32, {kBatch, 3, kExtent, kExtent}),
        targets(DType::kFloat32, {kBatch, 2}) {
    Random random(seed);
    const auto answers = targets.mutable_data<float>();
    const auto pixels = images.mutable_data<float>();
    for (std::size_t i = 0; i < kBatch; ++i) {
      for (std::size_t output = 0; output < 2; ++output) {
        answers[2 * i + output] = random.uniform() < 0.5 ? 0.0F : 1.0F;
      }
      for (std::size_t channel = 0; channel < 3; ++channel) {
        const float shift = channel < 2 ? 2 * answers[2 * i + channel] - 1 : 0;
        for (std::size_t p = 0; p < kExtent * kExtent; ++p) {
          pixels[(3 * i + channel) * kExtent * kExtent + p] =
              shift + static_cast<float>(random.normal());
        }
      }
    }
  }

  TensorView view() const { return {images.data<float>(), images.shape()}; }
};

Graph small_network() {
  test::Network net(3, kExtent, /*seed=*/1);
  const ValueId conv = net.conv("conv", net.input(), {.channels = 4, .kernel = 3});
  const ValueId act = net.op("relu", "Relu", {net.batchnorm("bn", conv)});
  return net.finish({net.head("fc", act, 2)});
}

/// The same with 4 bits and scales that are not known but that of the input.
Graph quantized_network(QuantizerKind kind) {
  Graph graph = small_network();
  place_quantizers(graph, {.weight_bits = 4, .activation_bits = 4});
  learn_scales(graph, {.weights = kind, .activations = kind});
  const Node& input = graph.node(graph.uses(graph.inputs()[0]).at(0).node);
  graph.scale(graph.quantizer(input.quantizer).scale).values = {0.5F};
  return graph;
}

TrainerOptions options() {
  return {.train = {.learning_rate = 0.01, .weight_decay = 0, .schedule = "constant"},
          .loss = "binary_cross_entropy",
          .statistics_steps = 4,
          .threads = 1};
}

double train(Trainer& trainer, int first, int last) {
  double loss = 0;
  for (int i = first; i < last; ++i) {
    const Pictures batch(static_cast<std::uint64_t>(i));
    loss = trainer.step(batch.view(), batch.targets).loss;
  }
  return loss;
}

/// The share of right answers of the network as it is exported.
double accuracy(const Graph& graph) {
  const Plan plan(graph);
  int right = 0;
  for (std::uint64_t seed = 1000; seed < 1004; ++seed) {
    const Pictures batch(seed);
    const Tensor logits = plan.run({batch.images}).at(0);
    for (std::size_t i = 0; i < 2 * kBatch; ++i) {
      right += (logits.data<float>()[i] >= 0) == (batch.targets.data<float>()[i] > 0) ? 1 : 0;
    }
  }
  return right / (4.0 * 2 * kBatch);
}

TEST(Trainer, AFloatNetworkLearns) {
  Trainer trainer(small_network(), options());
  train(trainer, 0, 60);
  EXPECT_GT(accuracy(trainer.network()), 0.9);
  EXPECT_EQ(trainer.steps(), 60);
}

class EveryKind : public testing::TestWithParam<QuantizerKind> {};

TEST_P(EveryKind, OfQuantizerLearns) {
  Trainer trainer(quantized_network(GetParam()), options());
  train(trainer, 0, 80);
  EXPECT_GT(accuracy(trainer.network()), 0.9);
}

TEST_P(EveryKind, GoesOnFromAStateToTheSameBytes) {
  TrainerOptions how = options();
  how.train.schedule = "plateau";
  how.train.average = 0.9;
  Trainer whole(quantized_network(GetParam()), how);
  train(whole, 0, 6);
  whole.end_epoch(0.5);
  Trainer resumed(quantized_network(GetParam()), how);
  resumed.load(whole.state());
  train(whole, 6, 10);
  train(resumed, 6, 10);
  EXPECT_EQ(resumed.state(), whole.state());
  EXPECT_EQ(resumed.network(), whole.network());
}

INSTANTIATE_TEST_SUITE_P(All, EveryKind,
                         testing::Values(QuantizerKind::kMinMax, QuantizerKind::kLsq,
                                         QuantizerKind::kPact),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Trainer, DecayFollowsTheRole) {
  TrainerOptions how = options();
  how.train.optimizer = "adamw";
  how.train.weight_decay = 10;  // Times a rate of 0.01: a tenth of the weight in every step.
  Trainer trainer(small_network(), how);
  const auto before = trainer.state();
  train(trainer, 0, 1);
  const auto after = trainer.state();
  const auto norm = [](const Tensor& tensor) {
    double sum = 0;
    for (const float x : tensor.data<float>()) sum += std::abs(double{x});
    return sum;
  };
  EXPECT_LT(norm(after.at("network/conv.weight")), 0.95 * norm(before.at("network/conv.weight")));
  EXPECT_GT(norm(after.at("network/bn.gamma")), 0.98 * norm(before.at("network/bn.gamma")));
}

TEST(Trainer, FrozenBatchNormsKeepTheirStatistics) {
  TrainerOptions how = options();
  how.train.batchnorm_epochs = 1;
  how.steps_per_epoch = 2;
  Trainer trainer(small_network(), how);
  train(trainer, 0, 2);
  const Tensor frozen = trainer.state().at("network/bn.running_mean");
  train(trainer, 2, 4);
  EXPECT_EQ(trainer.state().at("network/bn.running_mean"), frozen);
}

TEST(Trainer, ATeacherDrawsTheLogitsToItsOwn) {
  Trainer teacher(small_network(), options());
  train(teacher, 0, 60);
  const Graph taught = teacher.network();
  TrainerOptions how = options();
  how.train.teacher_share = 1;
  Trainer student(small_network(), how, &taught);
  const Pictures batch(0);
  const double before = student.step(batch.view(), batch.targets).loss;
  train(student, 1, 60);
  EXPECT_LT(student.step(batch.view(), batch.targets).loss, before / 4);
}

TEST(Trainer, NamesTheFirstLayerThatIsNotFinite) {
  TrainerOptions how = options();
  how.train.optimizer = "sgd";
  how.train.learning_rate = 1e30;
  Trainer trainer(small_network(), how);
  train(trainer, 0, 1);
  test::expect_error(ErrorCode::kInvalidArgument, "is not finite", [&] { train(trainer, 1, 9); });
}

TEST(Trainer, RefusesAStateOfOtherBits) {
  Trainer four(quantized_network(QuantizerKind::kLsq), options());
  Trainer other(quantized_network(QuantizerKind::kPact), options());
  Trainer sgd(quantized_network(QuantizerKind::kLsq), [] {
    TrainerOptions how = options();
    how.train.optimizer = "sgd";
    return how;
  }());
  test::expect_error(ErrorCode::kInvalidArgument, "kind pact", [&] { four.load(other.state()); });
  test::expect_error(ErrorCode::kInvalidArgument, "the state lacks 'optimizer/velocity/",
                     [&] { sgd.load(four.state()); });
}

TEST(Trainer, RefusesNamesThatDoNotExist) {
  TrainerOptions how = options();
  how.loss = "hinge";
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'hinge' is not a loss (binary_cross_entropy, cross_entropy)",
                     [&] { Trainer(small_network(), how); });
  how = options();
  how.train.optimizer = "adan";
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'adan' is not an optimizer (adam, adamw, sgd) (nearest: 'adam')",
                     [&] { Trainer(small_network(), how); });
}

TEST(Trainer, RefusesATeacherOfOtherOutputs) {
  test::Network net(3, kExtent);
  const Graph teacher = net.finish({net.head("fc", net.input(), 5)});
  test::expect_error(ErrorCode::kInvalidArgument, "the teacher has 5 outputs, the network has 2",
                     [&] { Trainer(small_network(), options(), &teacher); });
}

TEST(Trainer, LooksForWhatIsNotFiniteAndChangesNothing) {
  Trainer trainer(quantized_network(QuantizerKind::kLsq), options());
  train(trainer, 0, 6);
  const auto before = trainer.state();
  const Pictures batch(6);
  trainer.check_finite(batch.view());
  EXPECT_EQ(trainer.state(), before);
}

TEST(Trainer, NamesTheLayerWhoseNumbersGrewTooLarge) {
  TrainerOptions how = options();
  how.train.optimizer = "sgd";
  how.train.learning_rate = 1e30;
  Trainer trainer(small_network(), how);
  train(trainer, 0, 1);
  const Pictures batch(1);
  const char* const sentence = "step 1: the output of layer 'conv' is not finite; a lower";
  test::expect_error(ErrorCode::kInvalidArgument, sentence,
                     [&] { trainer.check_finite(batch.view()); });
  test::expect_error(ErrorCode::kInvalidArgument, sentence,
                     [&] { trainer.step(batch.view(), batch.targets); });
}

TEST(Trainer, NamesTheScaleThatAStepRuined) {
  TrainerOptions how = options();
  how.train.optimizer = "sgd";
  how.train.learning_rate = std::numeric_limits<double>::infinity();
  how.statistics_steps = 1;
  Trainer trainer(quantized_network(QuantizerKind::kLsq), how);
  test::expect_error(ErrorCode::kInvalidArgument, "step 0: what it made of the scale '",
                     [&] { train(trainer, 0, 1); });
}

TEST(Trainer, RefusesAStateOfOtherTypes) {
  Trainer trainer(small_network(), options());
  auto state = trainer.state();
  state["steps"] = Tensor::scalar(1.5F);
  test::expect_error(ErrorCode::kInvalidArgument, "the state's 'steps' is float32, expected int64",
                     [&] { trainer.load(state); });
  state["steps"] = Tensor::scalar<std::int64_t>(-1);
  test::expect_error(ErrorCode::kInvalidArgument, "the state's 'steps' is no number of steps",
                     [&] { trainer.load(state); });
}

}  // namespace
}  // namespace quern
