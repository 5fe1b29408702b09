// Where tensors come from: inputs and constants; and the ops that pass them on unchanged.
#include <algorithm>

#include "quern/importers/tensorflow.pb.h"
#include "quern/importers/tensorflow/ops.h"
#include "quern/importers/tensorflow/tensors.h"

namespace quern::tensorflow {
namespace {

/// Runs `action`; an Error that leaves it names the layer.
template <class Action>
decltype(auto) named(const NodeTranslation& node, Action&& action) {
  return with_context(fmt::format("layer '{}' ({})", node.name(), node.op()),
                      std::forward<Action>(action));
}

/// The shape that the file states, if any: the attribute, or what TensorFlow inferred.
const TensorShapeProto* stated_shape(const NodeTranslation& node) {
  const AttrValue* const shape = node.attribute("shape");
  if (shape != nullptr && !shape->shape().unknown_rank() && shape->shape().dim_size() > 0) {
    return &shape->shape();
  }
  const AttrValue* const inferred = node.attribute("_output_shapes");
  if (inferred != nullptr && inferred->list().shape_size() > 0 &&
      !inferred->list().shape(0).unknown_rank()) {
    return &inferred->list().shape(0);
  }
  return shape == nullptr || shape->shape().unknown_rank() ? nullptr : &shape->shape();
}

void translate_placeholder(NodeTranslation& node) {
  const TensorShapeProto* const shape = stated_shape(node);
  node.check_supported(shape != nullptr,
                       "the input's shape is not known (supported: a fixed height, width and "
                       "number of channels; freeze the model with them)");
  Dims dims = named(node, [&] { return read_dims(*shape); });
  for (std::size_t i = 1; i < dims.size(); ++i) {
    node.check_supported(dims[i].is_fixed(),
                         "the input is {}, of which more than the batch is free (supported: a "
                         "fixed height, width and number of channels; freeze the model with them)",
                         to_string(dims));
  }
  if (!dims.empty() && !dims[0].is_fixed()) dims[0] = {-1, "N"};
  const AttrValue* const type = node.attribute("dtype");
  node.check(type != nullptr, "it states no element type");
  const DType dtype = named(node, [&] { return dtype_from(type->type()); });
  node.define(node.graph().add_input(node.name(), dtype, std::move(dims)));
}

/// A switch or a rate keeps its default; a picture is an input.
void translate_placeholder_with_default(NodeTranslation& node) {
  const Operand fallback = node.operand(0);
  if (fallback.constant != nullptr && fallback.constant->tensor.rank() < 2) {
    return node.define(fallback);
  }
  translate_placeholder(node);
}

void translate_const(NodeTranslation& node) {
  const AttrValue* const value = node.attribute("value");
  node.check(value != nullptr, "it holds no value");
  node.define(Operand(
      node.name(), named(node, [&] { return read_tensor(value->tensor(), node.all().repeats); })));
}

void translate_identity(NodeTranslation& node) { node.define(node.operand(0)); }

/// Several at once.
void translate_identity_n(NodeTranslation& node) {
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i) operands.push_back(node.operand(i));
  node.define(std::move(operands));
}

constexpr Rule kRules[] = {
    {"CheckNumerics", translate_identity},
    {"Const", translate_const},
    {"Identity", translate_identity},
    {"IdentityN", translate_identity_n},
    {"Placeholder", translate_placeholder},
    {"PlaceholderWithDefault", translate_placeholder_with_default},
    {"PreventGradient", translate_identity},
    {"Print", translate_identity},
    {"StopGradient", translate_identity},
};

}  // namespace

std::span<const Rule> source_rules() { return kRules; }

}  // namespace quern::tensorflow
