#pragma once

#include <string>
#include <string_view>

#include "quern/passes/place_quantizers.h"

namespace quern::internal {

/// What the steps of place_quantizers share.
struct Placement {
  Placement(Graph& target, const QuantizeRequest& wanted);

  Graph& graph;
  const QuantizeRequest& request;
  RuleSet rules;
  NodeId first;  ///< The first layer with weights; none if there is none.
  NodeId last;
  PassReport report;

  /// The subject of a node, `first` and `last` included.
  RuleSubject subject(const Node& node) const;
  /// The subject of the layer or graph input that `value` comes from.
  RuleSubject source_subject(ValueId value) const;
  /// Whether a node reads floats because a rule says so.
  bool reads_floats(const Node& node);

  /// What the rules decide of the output of `source`; a reader that asks for its input by name has
  /// the last word. @throws Error(kInvalidArgument) where two readers disagree, naming both.
  PartialSpec activation_spec(const RuleSubject& source, ValueId value,
                              const std::vector<NodeId>& readers, bool is_measured);

  /// Adds a quantizer named `stem` + "quant" without a scale.
  QuantizerId add_quantizer(std::string_view stem, const QuantSpec& spec, QuantizerKind kind);
  /// Inserts its Quant and counts it.
  void insert(ValueId value, QuantizerId quantizer, const std::vector<Graph::Use>& readers = {});
};

/// Quantizes graph inputs, activations and graph outputs. Calibrated quantizers get no Scale yet.
void place_activations(Placement& placement);
/// Lets the inputs of every join share one Scale, and gives every other quantizer its own.
void share_scales(Placement& placement);
/// Quantizes the weights of every layer that has some.
void place_weights(Placement& placement);
/// Quantizes the bias of every Gemm whose input and weight are quantized.
void place_biases(Placement& placement);

}  // namespace quern::internal
