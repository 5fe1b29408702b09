#include "quern/ptq/activation_walk.h"

#include <gmock/gmock.h>

#include "tests/support/calibrated_network.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

class Walk : public test::CalibratedNetwork {
 protected:
  /// What the given layers read, in their order.
  static std::vector<ValueId> inputs(const Graph& graph, const std::vector<std::string>& layers) {
    std::vector<ValueId> values;
    for (const std::string& layer : layers) {
      values.push_back(graph.node(graph.find_layer(layer).value()).inputs[0]);
    }
    return values;
  }

  /// The value of the walk's next stop, batch by batch.
  static std::vector<Tensor> next(ActivationWalk& walk, const CalibrationPictures& pictures) {
    const ActivationWalk::Stop stop = walk.next();
    std::vector<Tensor> found(pictures.batches());
    for (std::size_t batch = 0; batch < pictures.batches(); ++batch) {
      stop.run(batch, [&](const TensorView& view) { found[batch] = view.to_tensor(); });
    }
    return found;
  }

  const std::vector<std::string> layers_ = {"stem",    "depthwise", "point",
                                            "grouped", "strided",   "fc"};
};

TEST_F(Walk, ShowsWhatThePlanComputes) {
  const Graph reference = test::branching_network();
  const Graph graph = quantized(reference);
  for (const auto& [network, mode] :
       {std::pair{&graph, QuantMode::kFakeQuant}, {&reference, QuantMode::kFloat}}) {
    const std::vector<ValueId> shown = inputs(*network, layers_);
    CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
    pictures.load();
    ActivationWalk walk(*network, mode, shown, pictures);
    for (const ValueId value : shown) {
      EXPECT_EQ(next(walk, pictures), values(*network, mode, value)) << network->value(value).name;
    }
  }
}

TEST_F(Walk, ShowsTheSameFromAFile) {
  data_.memory = 0;
  const Graph graph = quantized(test::branching_network());
  const std::vector<ValueId> shown = inputs(graph, layers_);
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFakeQuant, shown, pictures);
  for (const ValueId value : shown) {
    EXPECT_EQ(next(walk, pictures), values(graph, QuantMode::kFakeQuant, value));
  }
}

TEST_F(Walk, SharesPicturesAndStoreWithAWalkBesideIt) {
  const Graph reference = test::branching_network();
  const Graph graph = quantized(reference);
  const std::vector<ValueId> shown = inputs(graph, layers_);
  const std::vector<ValueId> real = inputs(reference, layers_);
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFakeQuant, shown, pictures);
  ActivationWalk float_walk(reference, QuantMode::kFloat, real, pictures);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    EXPECT_EQ(next(walk, pictures), values(graph, QuantMode::kFakeQuant, shown[i])) << layers_[i];
    EXPECT_EQ(next(float_walk, pictures), values(reference, QuantMode::kFloat, real[i]))
        << layers_[i];
  }
}

TEST_F(Walk, SeesWeightsThatChangedOnTheWay) {
  Graph graph = quantized(test::branching_network());
  const std::vector<ValueId> shown = inputs(graph, layers_);
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFakeQuant, shown, pictures);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    EXPECT_EQ(next(walk, pictures), values(graph, QuantMode::kFakeQuant, shown[i])) << layers_[i];
    const Node* quant = graph.quant_of(graph.node(*graph.find_layer(layers_[i])).inputs[1]);
    Tensor weight = *graph.value(quant->inputs[0]).constant;
    for (float& w : weight.mutable_data<float>()) w = -w;
    graph.set_constant(quant->inputs[0], weight);
  }
}

TEST_F(Walk, LeavesOutPicturesThatCanNotBeRead) {
  const Graph graph = quantized(test::branching_network());
  for (std::size_t i = 0; i < 4; ++i) data_.samples[i].path = folder_ / "missing.jpg";
  data_.loader.skip_bad = true;
  const std::vector<ValueId> shown = inputs(graph, {"fc"});
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFakeQuant, shown, pictures);
  const std::vector<Tensor> found = next(walk, pictures);
  EXPECT_EQ(found, values(graph, QuantMode::kFakeQuant, shown[0]));
  EXPECT_EQ(found[0], Tensor());  // The whole batch.
}

TEST_F(Walk, TakesValuesOfSeveralRowsPerPicture) {
  test::Network net(3, 8);
  const auto shape = [&](const std::string& name, std::vector<std::int64_t> extents) {
    const Shape rank = {std::ssize(extents)};
    return net.constant(name, Tensor::of<std::int64_t>(rank, extents));
  };
  const ValueId rows =
      net.op("rows", "Reshape", {net.conv("stem", net.input()), shape("rows.shape", {-1, 8})});
  const ValueId product = net.op("product", "MatMul", {rows, net.weight("product.weight", {8, 6})});
  const ValueId second = net.op("second", "MatMul", {product, net.weight("second.weight", {6, 4})});
  const Graph graph =
      net.finish({net.op("back", "Reshape", {second, shape("back.shape", {-1, 128})})});
  const std::vector<ValueId> shown = inputs(graph, {"stem", "product", "second"});
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  pictures.load();
  ActivationWalk walk(graph, QuantMode::kFloat, shown, pictures);
  for (const ValueId value : shown)
    EXPECT_EQ(next(walk, pictures), values(graph, QuantMode::kFloat, value));
}

TEST_F(Walk, RefusesANetworkOfTwoInputs) {
  test::Network net(3, 8);
  Graph graph = net.finish({net.conv("conv", net.input())});
  graph.add_input("second", DType::kFloat32, {{1}});
  CalibrationPictures pictures(data_, /*bytes_per_sample=*/1);
  test::expect_error(ErrorCode::kInvalidArgument, "calibration feeds one input, the network has 2",
                     [&] { ActivationWalk(graph, QuantMode::kFloat, {}, pictures); });
}

}  // namespace
}  // namespace quern
