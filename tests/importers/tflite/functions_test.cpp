#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

// The ops of quern/importers/tflite/functions.cpp.

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using tflite::BuiltinOperator;
using tflite::TensorType;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

/// x [1, 4] and a constant, both read by `op`.
template <class... Options>
TfliteFile binary(BuiltinOperator op, const std::vector<float>& values, Options... options) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 4});
  const int c = file.floats("c", {static_cast<std::int32_t>(values.size())}, values);
  file.op(op, {c, x}, {file.output("y", TensorType::FLOAT32, {1, 4})}, options...);
  return file;
}

/// x [1, 4] → op → y, of these types.
TfliteFile unary(BuiltinOperator op, TensorType from, TensorType to) {
  TfliteFile file;
  const int x = file.input("x", from, {1, 4});
  file.op(op, {x}, {file.output("y", to, {1, 4})});
  return file;
}

TEST(Arithmetic, KeepsTheOrderOfItsInputs) {
  const Graph graph = imported(binary(BuiltinOperator::SUB, {2}, tflite::SubOptionsT()));
  const Node& node = graph.node(graph.nodes_of("Sub").at(0));
  EXPECT_TRUE(graph.is_constant(node.inputs[0]));
  EXPECT_EQ(node.inputs[1], graph.inputs()[0]);
}

TEST(MaximumAndMinimum, AreTheEndsOfAClip) {
  for (const auto& [op, bound] : {std::pair(BuiltinOperator::MAXIMUM, std::size_t{1}),
                                  std::pair(BuiltinOperator::MINIMUM, std::size_t{2})}) {
    const Graph graph = imported(binary(op, {-0.5F}));
    const Node& clip = graph.node(graph.nodes_of("Clip").at(0));
    ASSERT_EQ(clip.inputs.size(), bound + 1);
    EXPECT_EQ(clip.inputs[0], graph.inputs()[0]);
    EXPECT_EQ(*graph.value(clip.inputs[bound]).constant, Tensor::scalar(-0.5F));
  }
}

TEST(MaximumAndMinimum, RefuseBoundsThatAreNoNumber) {
  expect_error(ErrorCode::kUnsupported, "(supported: one real number)", [] {
    imported(binary(BuiltinOperator::MAXIMUM, {1, 2, 3, 4}));
  });
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 4});
  file.op(BuiltinOperator::MINIMUM, {x, x}, {file.output("y", TensorType::FLOAT32, {1, 4})});
  expect_error(ErrorCode::kUnsupported, "both its inputs are computed", [&] { imported(file); });
}

TEST(Softmax, MultipliesByBeta) {
  for (const float beta : {1.0F, 0.5F}) {
    TfliteFile file;
    const int x = file.input("x", TensorType::FLOAT32, {1, 4});
    file.op(BuiltinOperator::SOFTMAX, {x}, {file.output("y", TensorType::FLOAT32, {1, 4})},
            tflite::SoftmaxOptionsT{{}, beta});
    EXPECT_EQ(imported(file).nodes_of("Mul").size(), beta == 1 ? 0U : 1U);
  }
}

TEST(LeakyRelu, KeepsItsSlope) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 4});
  file.op(BuiltinOperator::LEAKY_RELU, {x}, {file.output("y", TensorType::FLOAT32, {1, 4})},
          tflite::LeakyReluOptionsT{{}, 0.25F});
  const Graph graph = imported(file);
  EXPECT_EQ(graph.attribute_or(graph.nodes_of("LeakyRelu").at(0), "alpha", 0.0F), 0.25F);
}

TEST(Quantize, IsAQuantAndDequantizeNothing) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 4});
  const int codes = file.add("codes", TensorType::INT8, {1, 4}, {{0.5F}, {-3}});
  file.op(BuiltinOperator::QUANTIZE, {x}, {codes});
  file.op(BuiltinOperator::DEQUANTIZE, {codes}, {file.output("y", TensorType::FLOAT32, {1, 4})});
  const Graph graph = imported(file);
  ASSERT_EQ(graph.nodes_of("Quant").size(), 1U);
  EXPECT_EQ(graph.nodes().size(), 2U);  // And the Identity that names the output.
  const Node& quant = graph.node(graph.nodes_of("Quant")[0]);
  EXPECT_EQ(graph.params(quant.quantizer), (QuantParams{{0.5F}, {-3}}));
}

TEST(Cast, RefusesToTurnNumbersIntoOthers) {
  expect_error(ErrorCode::kUnsupported, "it turns FLOAT32 into INT32", [] {
    imported(unary(BuiltinOperator::CAST, TensorType::FLOAT32, TensorType::INT32));
  });
  EXPECT_NO_THROW(imported(unary(BuiltinOperator::CAST, TensorType::FLOAT32, TensorType::FLOAT32)));
}

}  // namespace
}  // namespace quern
