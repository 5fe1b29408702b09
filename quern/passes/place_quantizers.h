#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quern/passes/passes.h"
#include "quern/quant/rules.h"

namespace quern {

/// A convention for which tensors get a grid, and which one.
enum class Scheme : std::uint8_t { kFinn };

/// "finn"
std::string_view name(Scheme scheme);
/// @throws Error(kInvalidArgument) for another word, naming those that exist.
Scheme scheme_from(std::string_view name);

/// What to quantize a network to.
struct QuantizeRequest {
  Scheme scheme = Scheme::kFinn;
  int weight_bits = 8;      ///< 1 to 16.
  int activation_bits = 8;  ///< 1 to 16.
  Granularity weight_granularity = Granularity::kPerChannel;
  std::vector<Rule> rules;  ///< Overrides; the last match wins, key by key.
  RuleFunction rule;        ///< Asked after `rules`; may be empty.
};

/// Inserts the Quant nodes of a scheme into a canonical float graph. Scales stay unknown, except
/// those that the network itself gives (a ReLU6); the report's rewrites count the Quant nodes.
///
/// The FINN scheme:
///
/// * Weights of Conv, ConvTranspose, Gemm and MatMul: signed, narrow, one scale per output channel
///   or, where that is asked for, one per tensor; one Quant per layer; one bit is bipolar. Bias of
///   a Gemm: 32 bits on the scale of input times weight. Batch norms stay and are looked through.
/// * Activations: unsigned after Relu, also after Clip(0, c), which becomes Relu and a grid of the
///   constant threshold c; signed everywhere else. Every graph input, activation function and graph
///   output is quantized, and everything that a layer with weights, a join or float arithmetic (a
///   pool) reads; the Quant stands where the elements are computed, in front of ops that only move
///   them. A Mul by a positive constant per channel that alone reads an activation or graph input
///   stands in front of its Quant; a Clip in front of such a Mul stays. One bit is {0, 1} after
///   Relu and bipolar elsewhere.
/// * The inputs of an Add share one scale, those of a Concat scale and sign. Where an input has a
///   constant scale that another does not have, or the other sign in front of a Concat, a signed
///   Quant follows it on the way to the join.
/// * A Softmax or Sigmoid that only the graph's outputs read stays float behind the last Quant.
///
/// Layers are named `L.weight_quant`, `L.bias_quant`, `L.output_quant` (L computes the value, batch
/// norm and activation included), `L.input_quant` (in front of the join L) and `X.quant` of a graph
/// input X; scales alike.
///
/// `quantize = false` for a whole layer keeps its weight, bias and output float and lets it read
/// floats; a quantized reader of its output still gets its grid.
///
/// @throws Error(kInvalidArgument) if the graph has quantizers already, for bits outside 1 to 16,
///         for a rule that applies to nothing, and where two rules contradict each other (naming
///         both layers). The graph is unchanged then.
///
/// Source: the FINN flow for MobileNetV2; equal scales in front of adds are FINN's requirement.
PassReport place_quantizers(Graph& graph, const QuantizeRequest& request);

/// Gives the constant bias of a Gemm its grid as the FINN scheme does, for a bias that a network
/// got after its quantizers. @return why it stays float; empty where it has a grid now.
std::string quantize_bias(Graph& graph, NodeId gemm);

}  // namespace quern
