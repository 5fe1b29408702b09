#include "tests/ops/one_op.h"

#include <gtest/gtest.h>

#include <cctype>
#include <sstream>

namespace quern::test {

Dims dims(std::string_view text) {
  std::istringstream words{std::string(text)};
  Dims result;
  for (std::string word; words >> word;) {
    const bool is_number = std::isdigit(static_cast<unsigned char>(word[0])) != 0;
    result.push_back(is_number ? Dim{std::stoll(word), ""} : Dim{-1, word == "?" ? "" : word});
  }
  return result;
}

OneOp::OneOp(std::string_view op) {
  node_.op = op;
  node_.layer = "x";
  outputs(1);
}

OneOp& OneOp::input(std::string_view text, DType dtype) {
  node_.inputs.push_back(
      graph_.add_input(fmt::format("in{}", node_.inputs.size()), dtype, dims(text)));
  return *this;
}

OneOp& OneOp::unknown_input() {
  node_.inputs.push_back(graph_.add_value("unknown"));
  return *this;
}

OneOp& OneOp::constant(Tensor tensor) {
  node_.inputs.push_back(
      graph_.add_constant(fmt::format("constant{}", node_.inputs.size()), std::move(tensor)));
  return *this;
}

OneOp& OneOp::weight(Shape shape) { return constant(Tensor(DType::kFloat32, std::move(shape))); }

OneOp& OneOp::integers(const std::vector<std::int64_t>& values) {
  return constant(Tensor::of<std::int64_t>({std::ssize(values)}, values));
}

OneOp& OneOp::omitted() {
  node_.inputs.emplace_back();
  return *this;
}

OneOp& OneOp::with(std::string key, Attribute value) {
  node_.attributes.insert_or_assign(std::move(key), std::move(value));
  return *this;
}

OneOp& OneOp::outputs(std::size_t count) {
  node_.outputs.clear();
  for (std::size_t i = 0; i < count; ++i) node_.outputs.push_back(graph_.add_value("out"));
  return *this;
}

NodeId OneOp::finish() {
  if (!id_) id_ = graph_.add_node(node_);
  return id_;
}

void OneOp::infer() {
  finish();
  infer_shapes(graph_);
}

std::string OneOp::shape(std::size_t output) {
  infer();
  const auto& found = graph_.value(result(output)).dims;
  return found ? to_string(*found) : "unknown";
}

DType OneOp::dtype(std::size_t output) {
  infer();
  return graph_.value(result(output)).dtype;
}

std::int64_t OneOp::macs() {
  infer();
  return macs_per_sample(graph_, node());
}

QuantRole OneOp::role() {
  infer();
  return quant_role(graph_, node());
}

std::string OneOp::error(ErrorCode code) {
  try {
    infer();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

const Graph& OneOp::graph() {
  finish();
  return graph_;
}

const Node& OneOp::node() { return graph_.node(finish()); }

ValueId OneOp::result(std::size_t output) { return node().outputs.at(output); }

}  // namespace quern::test
