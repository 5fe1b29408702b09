// What moves elements or says their dimensions in another way.
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredMove : public LoweredOp {
 protected:
  static ValueId integers(Network& net, const std::string& name, const Integers& values) {
    return net.constant(name, Tensor::of<std::int64_t>({std::ssize(values)}, values));
  }

  static Graph moved(const std::string& op, const Integers& settings,
                     std::map<std::string, Attribute> attributes = {}) {
    Network net(3, 8, 1);
    const ValueId value = net.conv("conv", net.input());
    std::vector<ValueId> inputs = {value};
    if (!settings.empty()) inputs.push_back(integers(net, "settings", settings));
    return net.finish({net.op("move", op, inputs, std::move(attributes))});
  }

  static Graph resized(const std::string& mode, const std::vector<float>& scales) {
    Network net(3, 8, 2);
    const ValueId value = net.conv("conv", net.input());
    const ValueId resized =
        net.op("up", "Resize", {value, {}, net.constant("scales", Tensor::of<float>({4}, scales))},
               {{"mode", mode},
                {"coordinate_transformation_mode", std::string("asymmetric")},
                {"nearest_mode", std::string("floor")}});
    return net.finish({resized});
  }
};

TEST_F(LoweredMove, PadsAndCuts) {
  for (const Integers& pads : {Integers{0, 0, 1, 2, 0, 0, 3, 0}, {0, 0, -1, 1, 0, 0, 0, -2}}) {
    EXPECT_EQ(count_of<IntPad>(expect_lowered(moved("Pad", pads))), 1);
  }
}

TEST_F(LoweredMove, ResizesToTheNearest) {
  for (const std::vector<float>& scales : {std::vector<float>{1, 1, 2, 3}, {1, 1, 0.6F, 1}}) {
    EXPECT_EQ(count_of<IntResize>(expect_lowered(resized("nearest", scales))), 1);
  }
}

TEST_F(LoweredMove, ChangesNothingForNewDimensions) {
  const std::int64_t without = count_of<IntConv>(expect_lowered(moved("Identity", {})));
  for (const Graph& network :
       {moved("Flatten", {}, {{"axis", std::int64_t{1}}}), moved("Reshape", {0, -1}),
        moved("Transpose", {}, {{"perm", Integers{0, 1, 2, 3}}})}) {
    const IntModel model = expect_lowered(network);
    EXPECT_EQ(count_of<IntConv>(model), without);
    EXPECT_EQ(model.ops.size(), 1U);
  }
}

TEST_F(LoweredMove, IsRefusedWithTheNearestThing) {
  expect_network_refused(moved("Pad", {0, 0, 1, 1, 0, 0, 1, 1}, {{"mode", std::string("reflect")}}),
                         "the mode 'reflect'; the mode 'constant' can be lowered");
  expect_network_refused(moved("Pad", {0, 1, 0, 0, 0, 0, 0, 0}), "one of rows and columns");
  expect_network_refused(moved("Transpose", {}, {{"perm", Integers{0, 2, 3, 1}}}),
                         "one that only moves dimensions of extent 1 can be lowered");
  expect_network_refused(moved("Reshape", {0, 2, 16, 8}),
                         "a reshape to one row per sample can be lowered");
}

TEST_F(LoweredMove, RefusesInterpolation) {
  Graph graph = quantized(resized("linear", {1, 1, 2, 2}), 8, 8);
  expect_refused(graph, "the mode 'nearest' can be lowered");
}

TEST_F(LoweredMove, RefusesAMarginThatIsNoCode) {
  Network net(3, 8, 3);
  const ValueId pads = integers(net, "pads", {0, 0, 1, 1, 0, 0, 1, 1});
  const ValueId value = net.op(
      "pad", "Pad", {net.conv("conv", net.input()), pads, net.constant("v", Tensor::scalar(0.3F))});
  expect_network_refused(net.finish({value}), "a margin of 0 can be lowered");
}

}  // namespace
}  // namespace quern::test
