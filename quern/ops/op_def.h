#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What quantization has to know about an op.
enum class QuantRole : std::uint8_t {
  kCompute,  ///< Multiplies an activation (input 0) by a weight (input 1), adds a bias (input 2).
  kActivation,  ///< Relu and its kin: its output is where an activation quantizer belongs.
  kPreserving,  ///< Moves values without changing them: the output lives on the input's grid.
  kJoin,        ///< Combines activations that must share one scale: Add, Concat.
  kAffine,      ///< Per-channel multiply and add with constants: looked through.
  kFloat,       ///< Arithmetic of its own; computed in float between quantizers.
  kQuant,       ///< The quantizer itself.
};

/// The alternatives of `Attribute`, in its order.
enum class AttributeKind : std::uint8_t {
  kInt,
  kFloat,
  kString,
  kInts,
  kFloats,
  kStrings,
  kTensor
};

struct AttributeDef {
  std::string_view name;
  AttributeKind kind = AttributeKind::kInt;
  std::optional<Attribute> fallback;  ///< ONNX's default; none where the attribute is required or
                                      ///< its absence has a meaning.
  bool required = false;
};

/// For OpDef::max_inputs and max_outputs of a variadic op.
inline constexpr std::size_t kVariadic = std::numeric_limits<std::size_t>::max();

/// Type of an output, as far as it can be known.
struct ValueType {
  DType dtype = DType::kFloat32;
  std::optional<Dims> dims;
};

/// Everything about an ONNX op that needs no numbers: schema, shapes, cost, role.
struct OpDef {
  std::string_view op;
  std::string_view summary;            ///< One phrase for `quern ops`.
  QuantRole role = QuantRole::kFloat;  ///< Of a plain node; see quant_role.
  std::size_t min_inputs = 1;          ///< Inputs that may not be omitted.
  std::size_t max_inputs = 1;
  std::size_t max_outputs = 1;
  std::vector<AttributeDef> attributes = {};

  /// Checks what the schema cannot say (ranks, agreeing channels, supported modes) and returns the
  /// types of the outputs, at least as many as the node has. Input dims may be unknown or free.
  /// @throws Error(kParse | kUnsupported) whose message starts with the layer: "layer 'conv1': …".
  std::vector<ValueType> (*infer)(const Graph&, const Node&) = nullptr;

  /// Multiply–accumulates for one sample, free extents counted as 1; null means none.
  std::int64_t (*macs)(const Graph&, const Node&) = nullptr;

  /// Where attributes or constants change the role: the role of this node; null means `role`.
  QuantRole (*role_of)(const Graph&, const Node&) = nullptr;
};

/// The definition of `op`; null if quern does not know it.
const OpDef* find_op(std::string_view op);
/// All of them, by name.
const std::vector<const OpDef*>& ops();
/// The known op whose name is nearest to `op`: for error messages.
std::string_view nearest_op(std::string_view op);

/// The role of one node: its op's, except where attributes or constants change it (an Add of a
/// constant is kAffine, a linear Resize kFloat). kFloat for an unknown op.
QuantRole quant_role(const Graph& graph, const Node& node);
/// OpDef::macs of one node; 0 for an unknown op. Needs inferred shapes.
std::int64_t macs_per_sample(const Graph& graph, const Node& node);

/// Checks every node against its definition (known op, input count, attributes) and fills in dtype
/// and dims of every value. @throws Error as OpDef::infer does; kUnsupported for an unknown op;
/// kParse for a value of more than kMaxElements elements.
void infer_shapes(Graph& graph);

/// More than any network needs; keeps every product of extents inside int64.
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

}  // namespace quern
