#pragma once

#include <utility>
#include <vector>

#include "quern/graph/graph.h"

namespace quern::test {

/// x → Conv(w) → Relu → y
struct ConvRelu {
  Graph graph;
  ValueId x, w, mid, y;
  NodeId conv, relu;

  ConvRelu() {
    x = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {4, ""}, {4, ""}});
    w = graph.add_constant("conv.weight", Tensor(DType::kFloat32, {2, 3, 1, 1}));
    mid = graph.add_value("mid");
    y = graph.add_value("y");
    conv = graph.add_node({.layer = "conv", .op = "Conv", .inputs = {x, w}, .outputs = {mid}});
    relu = graph.add_node({.layer = "", .op = "Relu", .inputs = {mid}, .outputs = {y}});
    graph.add_output(y);
  }
};

inline QuantizerId add_grid(Graph& graph, std::vector<float> scale = {0.5F}) {
  const ScaleId id = graph.add_scale({.name = "s", .values = std::move(scale)});
  return graph.add_quantizer({.name = "q", .scale = id});
}

}  // namespace quern::test
