#pragma once

#include <string>
#include <vector>

#include "onnx/onnx.pb.h"
#include "quern/importers/onnx/tensors.h"
#include "quern/tensor/tensor.h"

namespace quern::test {

/// An ONNX file under construction; every part can still be damaged by hand.
struct OnnxModel {
  onnx::ModelProto proto;

  explicit OnnxModel(std::int64_t opset = 17) {
    proto.set_ir_version(8);
    proto.mutable_graph()->set_name("net");
    import("", opset);
  }

  void import(const std::string& domain, std::int64_t version) {
    auto* import = proto.add_opset_import();
    import->set_domain(domain);
    import->set_version(version);
  }

  void input(const std::string& name, const std::vector<std::int64_t>& dims) {
    describe(name, dims, proto.mutable_graph()->add_input());
  }

  void output(const std::string& name) { proto.mutable_graph()->add_output()->set_name(name); }

  onnx::TensorProto* initializer(const std::string& name, const Tensor& tensor) {
    auto* initializer = proto.mutable_graph()->add_initializer();
    write_tensor(tensor, initializer);
    initializer->set_name(name);
    return initializer;
  }
  onnx::TensorProto* initializer(const std::string& name, const Shape& shape, float fill = 0.5F) {
    Tensor tensor(DType::kFloat32, shape);
    for (float& x : tensor.mutable_data<float>()) x = fill;
    return initializer(name, tensor);
  }

  onnx::NodeProto* node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::string& output, const std::string& name = "") {
    auto* node = proto.mutable_graph()->add_node();
    node->set_op_type(op);
    node->set_name(name);
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(output);
    return node;
  }

  /// A Quant of x with its parameters as initializers.
  onnx::NodeProto* quant(const std::string& input, const std::string& output, const Tensor& scale,
                         float zero_point = 0, float bits = 8) {
    initializer(output + ".scale", scale);
    initializer(output + ".zero_point", Tensor::scalar(zero_point));
    initializer(output + ".bits", Tensor::scalar(bits));
    auto* quant =
        node("Quant", {input, output + ".scale", output + ".zero_point", output + ".bits"}, output);
    quant->set_domain("qonnx.custom_op.general");
    return quant;
  }

  static onnx::AttributeProto* attribute(onnx::NodeProto* node, const std::string& key,
                                         onnx::AttributeProto::AttributeType type) {
    auto* attribute = node->add_attribute();
    attribute->set_name(key);
    attribute->set_type(type);
    return attribute;
  }
  static void ints(onnx::NodeProto* node, const std::string& key,
                   const std::vector<std::int64_t>& values) {
    auto* written = attribute(node, key, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) written->add_ints(value);
  }
  static void number(onnx::NodeProto* node, const std::string& key, std::int64_t value) {
    attribute(node, key, onnx::AttributeProto::INT)->set_i(value);
  }
  static void real(onnx::NodeProto* node, const std::string& key, float value) {
    attribute(node, key, onnx::AttributeProto::FLOAT)->set_f(value);
  }
  static void text(onnx::NodeProto* node, const std::string& key, const std::string& value) {
    attribute(node, key, onnx::AttributeProto::STRING)->set_s(value);
  }

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> bytes(proto.ByteSizeLong());
    proto.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

 private:
  static void describe(const std::string& name, const std::vector<std::int64_t>& dims,
                       onnx::ValueInfoProto* proto) {
    proto->set_name(name);
    auto* type = proto->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const std::int64_t dim : dims) {
      auto* extent = type->mutable_shape()->add_dim();
      if (dim > 0) {
        extent->set_dim_value(dim);
      } else {
        extent->set_dim_param("N");
      }
    }
  }
};

/// x [N, 3, 4, 4] → Relu called "relu" → y
inline OnnxModel relu_model() {
  OnnxModel model;
  model.input("x", {0, 3, 4, 4});
  model.node("Relu", {"x"}, "y", "relu");
  model.output("y");
  return model;
}

}  // namespace quern::test
