#include "quern/analysis/sample_mixing.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::Network;
using Ints = std::vector<std::int64_t>;

void expect_mixing(const Graph& graph, const std::string& layer) {
  test::expect_error(ErrorCode::kUnsupported,
                     "layer '" + layer + "': this " + graph.node(*graph.find_layer(layer)).op +
                         " mixes the samples of a batch",
                     [&] { check_samples_stay_apart(graph); });
}

ValueId shape(Network& net, const Ints& to) {
  return net.constant("shape", Tensor::of<std::int64_t>({std::ssize(to)}, to));
}

/// Global average pool as [N, channels].
ValueId pooled(Network& net, ValueId from) {
  const ValueId pool = net.op("pool", "GlobalAveragePool", {from});
  return net.op("flat", "Flatten", {pool}, {{"axis", std::int64_t{1}}});
}

TEST(SampleMixing, OrdinaryNetworksKeepSamplesApart) {
  EXPECT_NO_THROW(check_samples_stay_apart(test::resnet()));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_NO_THROW(check_samples_stay_apart(test::random_network(seed)));
  }
}

TEST(SampleMixing, AKernelComputedFromASampleMixes) {
  Network net;
  const ValueId a = net.conv("a", net.input(), {.channels = 16});
  const ValueId kernel = net.op("kernel", "Reshape", {pooled(net, a), shape(net, {-1, 16, 1, 1})});
  expect_mixing(net.finish({net.op("dynamic", "Conv", {a, kernel})}), "dynamic");
}

TEST(SampleMixing, AMeanOverTheBatchMixes) {
  Network net;
  const ValueId flat = pooled(net, net.input());
  const ValueId mean = net.op("mean", "ReduceMean", {flat}, {{"axes", Ints{0}}});
  expect_mixing(net.finish({net.op("centred", "Sub", {flat, mean})}), "mean");
}

TEST(SampleMixing, AMeanOverAllAxesMixes) {
  Network net;
  expect_mixing(net.finish({net.op("mean", "ReduceMean", {pooled(net, net.input())})}), "mean");
}

TEST(SampleMixing, CopiesOfTheBatchMix) {
  Network net;
  const ValueId wide = net.op("wide", "Tile", {pooled(net, net.input()), shape(net, {1, 2})});
  expect_mixing(net.finish({net.op("long", "Tile", {wide, shape(net, {2, 1})})}), "long");
}

TEST(SampleMixing, WhatWorksAlongTheFirstAxisMixes) {
  for (const char* op : {"Concat", "Softmax"}) {
    Network net;
    const ValueId flat = pooled(net, net.input());
    const std::vector<ValueId> inputs =
        op == std::string("Concat") ? std::vector<ValueId>{flat, flat} : std::vector<ValueId>{flat};
    expect_mixing(net.finish({net.op("first", op, inputs, {{"axis", std::int64_t{-2}}})}), "first");
  }
}

TEST(SampleMixing, ACutOfTheFirstAxisMixes) {
  Network net;
  const auto one = [&](const char* name, std::int64_t value) {
    return net.constant(name, Tensor::of<std::int64_t>({1}, Ints{value}));
  };
  const ValueId cut =
      net.op("cut", "Slice", {net.input(), one("from", 0), one("to", 1), one("axis", 0)});
  expect_mixing(net.finish({cut}), "cut");
}

TEST(SampleMixing, TransposesOfOtherAxesAreFine) {
  Network net;
  const ValueId fine = net.op("fine", "Transpose", {net.input()}, {{"perm", Ints{0, 2, 3, 1}}});
  EXPECT_NO_THROW(check_samples_stay_apart(net.finish({fine})));
  Network other;
  const ValueId bad = other.op("bad", "Transpose", {other.input()}, {{"perm", Ints{1, 0, 2, 3}}});
  expect_mixing(other.finish({bad}), "bad");
}

TEST(SampleMixing, AnOuterProductOfSamplesMixes) {
  Network net;
  const ValueId flat = pooled(net, net.input());
  const ValueId turned = net.op("turned", "Reshape", {flat, shape(net, {-1, 1})});
  expect_mixing(net.finish({net.op("outer", "Mul", {flat, turned})}), "outer");
}

TEST(SampleMixing, ScalingChannelsBySqueezeAndExciteIsFine) {
  Network net;
  const ValueId pool = net.op("pool", "GlobalAveragePool", {net.input()});
  const ValueId gate =
      net.op("gate", "Sigmoid", {net.conv("fc", pool, {.channels = 3, .kernel = 1})});
  EXPECT_NO_THROW(
      check_samples_stay_apart(net.finish({net.op("scaled", "Mul", {net.input(), gate})})));
}

TEST(SampleMixing, AttentionWithinASampleIsFine) {
  Network net;
  const ValueId tokens = net.op("tokens", "Reshape", {net.input(), shape(net, {0, 3, -1})});
  const ValueId keys = net.op("keys", "Transpose", {tokens}, {{"perm", Ints{0, 2, 1}}});
  const ValueId scores = net.op("scores", "MatMul", {keys, tokens});
  const ValueId weights = net.op("weights", "Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  const ValueId mixed = net.op("mixed", "MatMul", {tokens, weights});
  EXPECT_NO_THROW(check_samples_stay_apart(net.finish({mixed})));
}

TEST(SampleMixing, ProductsOfTwoMatricesOfSamplesMix) {
  Network net;
  const ValueId flat = pooled(net, net.input());
  const ValueId turned = net.op("turned", "Reshape", {flat, shape(net, {3, -1})});
  expect_mixing(net.finish({net.op("product", "MatMul", {flat, turned})}), "product");
}

TEST(SampleMixing, GroupsOfChannelsAndShapeChainsAreFine) {
  Network net(4, 8);
  const ValueId groups = net.op("groups", "Reshape", {net.input(), shape(net, {0, 2, 2, 8, 8})});
  const ValueId moved = net.op("moved", "Transpose", {groups}, {{"perm", Ints{0, 2, 1, 3, 4}}});
  const ValueId size = net.op("size", "Shape", {net.input()});
  EXPECT_NO_THROW(check_samples_stay_apart(net.finish({net.op("back", "Reshape", {moved, size})})));
}

}  // namespace
}  // namespace quern
