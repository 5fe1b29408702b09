#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "quern/graph/ids.h"
#include "quern/tensor/tensor.h"

namespace quern {

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, Tensor>;

/// One extent of a value: a number, or the name of one that is free until a run ("N").
struct Dim {
  std::int64_t size = -1;  ///< −1 while free.
  std::string symbol;      ///< Only where free; may be empty.

  bool is_fixed() const { return size >= 0; }
  bool operator==(const Dim&) const = default;
};

using Dims = std::vector<Dim>;

/// Every extent fixed.
Dims fixed_dims(const Shape& shape);
/// "[N, 3, 224, 224]"
std::string to_string(const Dims& dims);

/// A tensor that flows along an edge, or a constant.
struct Value {
  ValueId id;
  std::string name;  ///< Unique in the graph.
  DType dtype = DType::kFloat32;
  std::optional<Dims> dims;        ///< Unknown until shapes are inferred.
  std::optional<Tensor> constant;  ///< The value itself: a weight, statistics, a scalar.

  bool operator==(const Value&) const = default;
};

/// One operation. Ops and attributes are ONNX's, in the form of opset kOpset; the one addition is
/// "Quant", which reads one value and names its grid by `quantizer`.
struct Node {
  NodeId id;
  std::string layer;  ///< What rules, reports and errors call it; unique; set once, at import.
  std::string op;     ///< "Conv"
  std::vector<ValueId> inputs;  ///< An omitted optional input is "none".
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;
  QuantizerId quantizer;  ///< Only of a Quant.

  bool operator==(const Node&) const = default;
};

/// The ONNX operator set whose semantics `Node` follows. Importers translate from other versions.
inline constexpr std::int64_t kOpset = 17;

}  // namespace quern
