#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "quern/base/error.h"
#include "quern/importers/import_report.h"
#include "quern/importers/tensorflow.pb.h"
#include "quern/importers/tensorflow_pb.h"

namespace quern::test {

/// A frozen TensorFlow file under construction; every part can still be damaged by hand.
struct TensorflowGraph {
  tensorflow::GraphDef proto;

  tensorflow::NodeDef* node(const std::string& op, const std::string& name,
                            const std::vector<std::string>& inputs = {}) {
    auto* node = proto.add_node();
    node->set_op(op);
    node->set_name(name);
    for (const std::string& input : inputs) node->add_input(input);
    return node;
  }

  static tensorflow::AttrValue& attribute(tensorflow::NodeDef* node, const std::string& key) {
    return (*node->mutable_attr())[key];
  }
  static void ints(tensorflow::NodeDef* node, const std::string& key,
                   const std::vector<std::int64_t>& values) {
    auto* list = attribute(node, key).mutable_list();
    for (const std::int64_t value : values) list->add_i(value);
  }
  static void text(tensorflow::NodeDef* node, const std::string& key, const std::string& value) {
    attribute(node, key).set_s(value);
  }

  /// A float input; −1 is a free extent.
  tensorflow::NodeDef* input(const std::string& name, const std::vector<std::int64_t>& dims) {
    auto* input = node("Placeholder", name);
    attribute(input, "dtype").set_type(tensorflow::DT_FLOAT);
    auto* shape = attribute(input, "shape").mutable_shape();
    for (const std::int64_t dim : dims) shape->add_dim()->set_size(dim);
    return input;
  }

  tensorflow::TensorProto* constant(const std::string& name, std::int32_t type,
                                    const std::vector<std::int64_t>& shape) {
    auto* constant = node("Const", name);
    attribute(constant, "dtype").set_type(type);
    auto* tensor = attribute(constant, "value").mutable_tensor();
    tensor->set_dtype(type);
    for (const std::int64_t extent : shape) {
      tensor->mutable_tensor_shape()->add_dim()->set_size(extent);
    }
    return tensor;
  }
  /// 0.1, 0.2, 0.3, … up to 0.7, and again.
  void floats(const std::string& name, const std::vector<std::int64_t>& shape) {
    auto* tensor = constant(name, tensorflow::DT_FLOAT, shape);
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    for (std::int64_t i = 0; i < count; ++i) {
      tensor->add_float_val(0.1F * static_cast<float>(i % 7 + 1));
    }
  }
  void floats(const std::string& name, const std::vector<std::int64_t>& shape,
              const std::vector<float>& values) {
    auto* tensor = constant(name, tensorflow::DT_FLOAT, shape);
    for (const float value : values) tensor->add_float_val(value);
  }
  /// A scalar, as int32.
  void integer(const std::string& name, std::int32_t value) {
    constant(name, tensorflow::DT_INT32, {})->add_int_val(value);
  }
  /// A vector, as int32.
  void integers(const std::string& name, const std::vector<std::int32_t>& values) {
    auto* tensor = constant(name, tensorflow::DT_INT32, {std::ssize(values)});
    for (const std::int32_t value : values) tensor->add_int_val(value);
  }

  /// A convolution or pooling over NHWC with the strides of height and width.
  tensorflow::NodeDef* window(const std::string& op, const std::string& name,
                              const std::vector<std::string>& inputs, std::int64_t stride = 1,
                              const std::string& padding = "SAME") {
    auto* window = node(op, name, inputs);
    ints(window, "strides", {1, stride, stride, 1});
    text(window, "padding", padding);
    return window;
  }

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> bytes(proto.ByteSizeLong());
    proto.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  Graph import(ImportReport* report = nullptr) const {
    return import_tensorflow(bytes(), "net.pb", report);
  }
};

/// x [N, 8, 8, 3] → Conv2D "net/conv/Conv2D" with "net/conv/kernel" [3, 3, 3, 4], stride 2 →
/// BiasAdd with "net/conv/bias" → Relu "net/relu".
inline TensorflowGraph conv_graph() {
  TensorflowGraph graph;
  graph.input("x", {-1, 8, 8, 3});
  graph.floats("net/conv/kernel", {3, 3, 3, 4});
  graph.node("Identity", "net/conv/kernel/read", {"net/conv/kernel"});
  graph.floats("net/conv/bias", {4});
  graph.window("Conv2D", "net/conv/Conv2D", {"x", "net/conv/kernel/read"}, 2);
  graph.node("BiasAdd", "net/conv/BiasAdd", {"net/conv/Conv2D", "net/conv/bias"});
  graph.node("Relu", "net/relu", {"net/conv/BiasAdd"});
  return graph;
}

/// The one node of `op`. @throws where there is none or more than one.
inline const Node& only(const Graph& graph, const std::string& op) {
  const std::vector<NodeId> found = graph.nodes_of(op);
  ensure(found.size() == 1, "the graph has {} nodes of {}", found.size(), op);
  return graph.node(found[0]);
}

/// The name and the constant behind an input.
inline const Value& read_by(const Graph& graph, const Node& node, std::size_t input) {
  return graph.value(node.inputs.at(input));
}

/// The extents of the first output.
inline Dims output_dims(const Graph& graph) { return *graph.value(graph.outputs().at(0)).dims; }

}  // namespace quern::test
