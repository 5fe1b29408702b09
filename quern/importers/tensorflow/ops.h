// What each TensorFlow op becomes.
#pragma once

#include <span>
#include <string_view>

#include "quern/importers/tensorflow/translation.h"

namespace quern::tensorflow {

/// How the nodes of one op are translated.
struct Rule {
  std::string_view op;
  /// Emits ops and defines the node's outputs. @throws Error naming the layer.
  void (*translate)(NodeTranslation& node) = nullptr;
};

// The families, each in the file of its name: ops_conv.cpp, …
std::span<const Rule> arithmetic_rules();
std::span<const Rule> conv_rules();
std::span<const Rule> pool_rules();
std::span<const Rule> quant_rules();
std::span<const Rule> resize_rules();
std::span<const Rule> shape_rules();
std::span<const Rule> slice_rules();
std::span<const Rule> source_rules();

/// Whether an op is part of a branch or loop: Switch, Merge, While, …
bool is_control_flow(std::string_view op);

/// Translates a node by the rule for its op. @throws Error as the rule does, and kUnsupported for
/// an op without one: the nearest that has one, and for variables how to freeze them.
void translate(NodeTranslation& node);

/// Adds the constant at input `addend` to what input `product` computes, as its bias, if that is a
/// convolution or a matrix product that has none and that nobody else reads, and the constant has
/// one element per channel. @return whether it did; the node is defined then.
bool add_bias(NodeTranslation& node, std::size_t product, std::size_t addend);

}  // namespace quern::tensorflow
