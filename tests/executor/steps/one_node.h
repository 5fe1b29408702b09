#pragma once

#include <map>
#include <string>
#include <vector>

#include "quern/base/random.h"
#include "quern/executor/plan.h"
#include "quern/ops/op_def.h"

namespace quern::test {

inline Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(random.normal());
  return tensor;
}

inline Tensor integers(const std::vector<std::int64_t>& values) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

/// Runs one node on `x` and constants.
inline std::vector<Tensor> run_node(const std::string& op, const Tensor& x,
                                    const std::vector<Tensor>& constants = {},
                                    std::map<std::string, Attribute> attributes = {},
                                    std::size_t outputs = 1) {
  Graph graph;
  Node node{.op = op, .attributes = std::move(attributes)};
  node.inputs = {graph.add_input("x", DType::kFloat32, fixed_dims(x.shape()))};
  for (const Tensor& constant : constants) node.inputs.push_back(graph.add_constant("c", constant));
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph.add_value("y"));
  graph.add_node(node);
  for (const ValueId output : node.outputs) graph.add_output(output);
  return Plan(graph).run({x});
}

/// Element [n, c, h, w]; `outside` beyond the picture.
inline float at(const Tensor& x, std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w,
                float outside = 0) {
  const Shape& shape = x.shape();
  if (h < 0 || w < 0 || h >= shape[2] || w >= shape[3]) return outside;
  const auto index = ((n * shape[1] + c) * shape[2] + h) * shape[3] + w;
  return x.data<float>()[static_cast<std::size_t>(index)];
}

}  // namespace quern::test
