#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/ops/op_def.h"

namespace quern::test {

/// "N 3 8 8" as dims: a word is a free extent of that name, "?" one without.
Dims dims(std::string_view text);

/// A graph of one node, built input by input; types are inferred when one is asked for.
class OneOp {
 public:
  /// The layer is called "x".
  explicit OneOp(std::string_view op);

  OneOp& input(std::string_view text, DType dtype = DType::kFloat32);
  /// An input of which not even the rank is known.
  OneOp& unknown_input();
  OneOp& constant(Tensor tensor);
  /// A float32 constant of zeros.
  OneOp& weight(Shape shape);
  /// An int64 vector.
  OneOp& integers(const std::vector<std::int64_t>& values);
  OneOp& omitted();
  OneOp& with(std::string key, Attribute value);
  OneOp& outputs(std::size_t count);

  /// "[N, 8, 4, 4]", or "unknown".
  std::string shape(std::size_t output = 0);
  DType dtype(std::size_t output = 0);
  std::int64_t macs();
  QuantRole role();
  /// The sentence of the Error that inference ends with, which has to have `code`.
  std::string error(ErrorCode code = ErrorCode::kParse);

  const Graph& graph();
  const Node& node();
  ValueId result(std::size_t output = 0);

 private:
  /// Adds the node, once.
  NodeId finish();
  void infer();

  Graph graph_;
  Node node_;
  NodeId id_;
};

}  // namespace quern::test
