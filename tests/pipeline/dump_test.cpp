#include "quern/pipeline/dump.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/pipeline/quantize.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class DumpTest : public testing::Test {
 protected:
  DumpTest() {
    write_synthetic_photos(folder_.path(), 6, /*seed=*/5);
    Recipe recipe;
    recipe.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32};
    recipe.data.calibration = (folder_ / "list.txt").string();
    graph_ = quantize(recipe).graph;
    samples_ = samples_of(recipe.data, recipe.data.calibration);
    options_ = loader_options(recipe, *graph_.preprocessing);
  }

  test::TemporaryFolder folder_;
  Graph graph_;
  std::vector<Sample> samples_;
  LoaderOptions options_;
};

TEST_F(DumpTest, LogitsAreAllSamplesInListOrder) {
  options_.batch_size = 4;
  const auto arrays = dump(graph_, samples_, options_, DumpKind::kLogits).arrays;
  ASSERT_THAT(arrays, testing::SizeIs(1));
  const Tensor& logits = arrays.at("logits");
  EXPECT_EQ(logits.shape(), (Shape{6, 2}));

  const auto last = dump(graph_, {samples_[5]}, options_, DumpKind::kLogits).arrays.at("logits");
  // A batch of another size may sum in another order; a code may flip, which moves a logit by a
  // step of its quantizer, 1/128 of its range.
  EXPECT_NEAR(logits.data<float>()[10], last.data<float>()[0], 0.05);
}

TEST_F(DumpTest, RefusesSeveralSamplesOfANetworkThatMixesThem) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, fixed_dims({4, 2}));
  const ValueId y = graph.add_value("y");
  graph.add_node({.layer = "first",
                  .op = "Softmax",
                  .inputs = {x},
                  .outputs = {y},
                  .attributes = {{"axis", std::int64_t{0}}}});
  graph.add_output(y);
  const auto run = [&](std::int64_t samples) {
    return dump(graph, {Tensor(DType::kFloat32, {samples, 2})}, 4, DumpKind::kLogits);
  };
  EXPECT_NO_THROW(run(1));
  test::expect_error(ErrorCode::kUnsupported, "layer 'first': this Softmax mixes the samples",
                     [&] { run(2); });
}

TEST_F(DumpTest, CodesAreThoseOfEveryActivationQuant) {
  const auto arrays = dump(graph_, samples_, options_, DumpKind::kCodes).arrays;
  std::size_t quants = 0;
  for (const NodeId id : graph_.nodes_of("Quant")) {
    const Node& quant = graph_.node(id);
    if (graph_.is_constant(quant.inputs[0])) continue;
    ++quants;
    const bool is_signed = graph_.quantizer(quant.quantizer).spec.is_signed;
    EXPECT_EQ(arrays.at(quant.layer).dtype(), is_signed ? DType::kInt8 : DType::kUint8)
        << quant.layer;
  }
  EXPECT_THAT(arrays, testing::SizeIs(quants + 2));  // and the input and the logits

  // The last Quant gives the logits: code times scale is the logit, exactly.
  const Node& last = *graph_.producer(graph_.outputs()[0]);
  const float scale = graph_.params(last.quantizer).scale[0];
  const auto codes = arrays.at(last.layer).data<std::int8_t>();
  const auto logits = arrays.at("logits").data<float>();
  for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_EQ(logits[i], codes[i] * scale);
}

TEST_F(DumpTest, AllHoldsEveryLayer) {
  const auto arrays = dump(graph_, samples_, options_, DumpKind::kAll).arrays;
  for (const NodeId id : graph_.nodes()) {
    const Node& node = graph_.node(id);
    if (node.op == "Quant" && graph_.is_constant(node.inputs[0])) continue;
    EXPECT_TRUE(arrays.contains(node.layer)) << node.layer;
  }
}

TEST_F(DumpTest, ReadyInputsGiveTheNumbersOfTheirPictures) {
  options_.batch_size = 4;
  const auto of_pictures = dump(graph_, samples_, options_, DumpKind::kAll).arrays;
  const Tensor& images = of_pictures.at(graph_.value(graph_.inputs()[0]).name);
  EXPECT_EQ(dump(graph_, {images}, 4, DumpKind::kAll), of_pictures);
  test::expect_error(ErrorCode::kInvalidArgument, "batch size",
                     [&] { dump(graph_, {images}, 0, DumpKind::kAll); });
  test::expect_error(ErrorCode::kInvalidArgument, "differ in their number of samples", [&] {
    dump(graph_, {images, Tensor()}, 4, DumpKind::kAll);
  });
}

TEST_F(DumpTest, SaysWhichPicturesWereLeftOut) {
  write_file(samples_[1].path, std::string_view("no picture"));
  options_.skip_bad = true;
  options_.batch_size = 2;

  const Dump numbers = dump(graph_, samples_, options_, DumpKind::kLogits);

  EXPECT_THAT(numbers.samples, testing::ElementsAre(0, 2, 3, 4, 5));
  EXPECT_THAT(numbers.skipped, testing::ElementsAre(testing::HasSubstr(samples_[1].path.string())));
  EXPECT_EQ(numbers.arrays.at("logits").shape(), (Shape{5, 2}));
}

TEST_F(DumpTest, RefusesAnOutputThatHasNotARowForEachSample) {
  const ValueId logits = graph_.outputs()[0];
  const ValueId turned = graph_.add_value("turned");
  const ValueId shape =
      graph_.add_constant("shape", Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{-1, 1}));
  graph_.add_node({.op = "Reshape", .inputs = {logits, shape}, .outputs = {turned}});
  graph_.set_output(0, turned);
  test::expect_error(ErrorCode::kUnsupported, "the output 'turned' has the shape [8, 1]",
                     [&] { dump(graph_, samples_, options_, DumpKind::kLogits); });
}

TEST_F(DumpTest, RefusesABatchOfNoPictures) {
  options_.batch_size = 0;
  test::expect_error(ErrorCode::kInvalidArgument, "batch_size must be positive, got 0",
                     [&] { dump(graph_, samples_, options_, DumpKind::kLogits); });
}

TEST_F(DumpTest, RefusesALayerThatIsNamedLikeAnInputOrOutput) {
  const NodeId relu = graph_.nodes_of("Relu").front();
  const ValueId activation = graph_.node(relu).outputs[0];
  graph_.set_layer(graph_.uses(activation).front().node, "input");
  test::expect_error(ErrorCode::kUnsupported, "the layer 'input' and the network's 'input' share",
                     [&] { dump(graph_, samples_, options_, DumpKind::kCodes); });
  EXPECT_NO_THROW(dump(graph_, samples_, options_, DumpKind::kLogits));
}

TEST(DumpKind, NamesWhatCanBeDumped) {
  EXPECT_EQ(dump_kind_from("codes"), DumpKind::kCodes);
  test::expect_error(ErrorCode::kInvalidArgument, "cannot dump 'weights' (logits, codes, all)",
                     [] { dump_kind_from("weights"); });
}

}  // namespace
}  // namespace quern
