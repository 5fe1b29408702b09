#include "quern/importers/tensorflow/translation.h"

#include <algorithm>
#include <array>

#include "quern/ops/constant_value.h"
#include "quern/ops/infer_node.h"
#include "quern/ops/symbolic_integers.h"
#include "quern/ops/transpose.h"

namespace quern::tensorflow {
namespace {

bool passes_through(std::string_view op) {
  constexpr std::array<std::string_view, 4> kOps = {"CheckNumerics", "Identity", "PreventGradient",
                                                    "StopGradient"};
  return std::ranges::find(kOps, op) != kOps.end();
}

/// The result of a node whose inputs are all known, if quern can tell it without a run.
std::optional<Tensor> folded(const Node& node, const std::vector<Operand>& inputs) {
  Graph scratch;
  Node copy = node;
  for (const Operand& input : inputs) {
    copy.inputs.push_back(scratch.add_constant(input.constant->name, input.constant->tensor));
  }
  copy.outputs = {scratch.add_value("result")};
  const NodeId id = scratch.add_node(std::move(copy));
  infer_node(scratch, id);
  return evaluate_constant(scratch, scratch.node(id));
}

/// All but the last part of a name; empty where there is only one.
std::string scope_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

/// True for "a/conv/Conv2D".
bool says_only_the_op(std::string_view name) {
  constexpr std::array<std::string_view, 5> kEnds = {"/Conv2D", "/MatMul", "/conv_transpose",
                                                     "/convolution", "/depthwise"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_known(const Operand& operand) {
  return operand.constant != nullptr && !operand.constant->grid;
}

}  // namespace

NodeTranslation::NodeTranslation(Translation& all, int index)
    : all_(all), index_(index), layer_(all.wiring.node(index).name()) {}

Operand NodeTranslation::operand(std::size_t input) const {
  check(input < edges().size(), "it has {} inputs, expected more than {}", edges().size(), input);
  const Edge edge = edges()[input];
  const auto node = static_cast<std::size_t>(edge.node);
  if (all_.failures[node]) throw *all_.failures[node];
  const std::vector<Operand>& results = all_.results[node];
  const auto port = static_cast<std::size_t>(edge.port);
  check_supported(port < results.size(),
                  "it reads output {} of '{}' ({}), of which quern computes {}", edge.port,
                  all_.wiring.node(edge.node).name(), all_.wiring.node(edge.node).op(),
                  results.size());
  return results[port];
}

const Tensor* NodeTranslation::known(std::size_t input) const {
  const Operand found = operand(input);
  return is_known(found) ? &found.constant->tensor : nullptr;
}

const Tensor& NodeTranslation::constant(std::size_t input, std::string_view what) const {
  const Tensor* const found = known(input);
  check_supported(found != nullptr, "{} is computed (supported: a constant)", what);
  return *found;
}

SymbolicIntegers NodeTranslation::symbolic(std::size_t input, std::string_view what) const {
  const Operand found = operand(input);
  if (is_known(found)) {
    const Tensor& tensor = found.constant->tensor;
    check(tensor.dtype() != DType::kFloat32 && tensor.dtype() != DType::kFloat64,
          "{} is of type {}, expected integers", what, quern::name(tensor.dtype()));
    SymbolicIntegers known = {tensor.shape(), {}};
    for (const std::int64_t element : to_vector<std::int64_t>(tensor)) {
      known.elements.push_back({element, ""});
    }
    return known;
  }
  auto known = symbolic_integers(all_.graph, found.value);
  check_supported(known.has_value(),
                  "{} is computed (supported: a constant, or what follows from shapes)", what);
  return *std::move(known);
}

std::vector<std::int64_t> NodeTranslation::integers(std::size_t input,
                                                    std::string_view what) const {
  auto numbers = symbolic(input, what).numbers();
  check_supported(numbers.has_value(), "{} depends on an extent that is not fixed", what);
  return *std::move(numbers);
}

std::int64_t NodeTranslation::integer_at(std::size_t input, std::size_t position,
                                         std::string_view what) const {
  const SymbolicIntegers known = symbolic(input, what);
  check(position < known.elements.size(), "{} is element {} of a list of {}", what, position,
        known.elements.size());
  check_supported(known.elements[position].number.has_value(),
                  "{} depends on an extent that is not fixed", what);
  return *known.elements[position].number;
}

Dims NodeTranslation::dims(const Operand& operand) const {
  if (operand.constant != nullptr) return fixed_dims(operand.constant->tensor.shape());
  const Value& value = all_.graph.value(operand.value);
  check_supported(value.dims.has_value(), "it reads '{}', whose shape is not known", value.name);
  return *value.dims;
}

NodeTranslation NodeTranslation::producer(std::size_t input) const {
  check(input < edges().size(), "it has {} inputs, expected more than {}", edges().size(), input);
  return {all_, edges()[input].node};
}

bool NodeTranslation::reads_alone(std::size_t input) const {
  int index = edges()[input].node;
  while (all_.wiring.readers(index).size() == 1) {
    if (!passes_through(all_.wiring.node(index).op())) return true;
    if (all_.wiring.inputs(index).empty()) return true;
    index = all_.wiring.inputs(index)[0].node;
  }
  return false;
}

const AttrValue* NodeTranslation::attribute(const std::string& key) const {
  const auto found = def().attr().find(key);
  return found == def().attr().end() ? nullptr : &found->second;
}

std::int64_t NodeTranslation::integer(const std::string& key, std::int64_t fallback) const {
  const AttrValue* const found = attribute(key);
  return found == nullptr ? fallback : found->i();
}

float NodeTranslation::real(const std::string& key, float fallback) const {
  const AttrValue* const found = attribute(key);
  return found == nullptr ? fallback : found->f();
}

bool NodeTranslation::flag(const std::string& key, bool fallback) const {
  const AttrValue* const found = attribute(key);
  return found == nullptr ? fallback : found->b();
}

std::string NodeTranslation::text(const std::string& key, const std::string& fallback) const {
  const AttrValue* const found = attribute(key);
  return found == nullptr || found->s().empty() ? fallback : found->s();
}

std::vector<std::int64_t> NodeTranslation::integers(const std::string& key) const {
  const AttrValue* const found = attribute(key);
  if (found == nullptr) return {};
  return {found->list().i().begin(), found->list().i().end()};
}

std::vector<std::int64_t> NodeTranslation::spatial(const std::string& key) const {
  const std::vector<std::int64_t> values = integers(key);
  if (values.empty()) return {1, 1};
  check(values.size() == 4, "{} has {} elements, expected 4", key, values.size());
  const std::size_t height = is_channels_last() ? 1 : 2;
  check_supported(values[0] == 1 && values[is_channels_last() ? 3 : 1] == 1,
                  "{} covers batch or channels (supported: height and width)", key);
  return {values[height], values[height + 1]};
}

void NodeTranslation::name_after(const std::string& weight) {
  // A frozen function reads "a/conv/Conv2D/ReadVariableOp/resource": the variable's name is lost.
  std::string scope = scope_of(weight.substr(0, weight.find("/ReadVariableOp")));
  // A frozen signature calls its variables "unknown_3".
  if (scope.empty() && says_only_the_op(name())) scope = scope_of(name());
  if (!scope.empty() && !all_.graph.find_layer(scope)) layer_ = scope;
}

std::string NodeTranslation::part_name(std::string_view part) const {
  return fmt::format("{}/{}", name(), part);
}

std::vector<Operand> NodeTranslation::add(const Names& names, Node node,
                                          const std::vector<Operand>& inputs, std::size_t count) {
  node.layer = names.layer;
  const bool has_omitted = std::ranges::any_of(
      inputs, [](const Operand& input) { return !input.constant && !input.value; });
  if (count == 1 && !has_omitted && std::ranges::all_of(inputs, is_known)) {
    if (auto tensor = folded(node, inputs)) return {Operand(names.value, *std::move(tensor))};
  }
  for (const Operand& input : inputs) {
    const bool is_omitted = !input.constant && !input.value;
    node.inputs.push_back(is_omitted ? ValueId{} : value(input));
  }
  std::vector<Operand> outputs;
  for (std::size_t i = 0; i < count; ++i) {
    node.outputs.push_back(
        graph().add_value(i == 0 ? names.value : fmt::format("{}:{}", names.value, i)));
    outputs.emplace_back(node.outputs.back());
  }
  infer_node(graph(), graph().add_node(std::move(node)));
  return outputs;
}

namespace {

Node node_of(std::string_view op, Attributes attributes) {
  Node node;
  node.op = op;
  node.attributes = std::move(attributes);
  return node;
}

}  // namespace

Operand NodeTranslation::emit(std::string_view op, const std::vector<Operand>& inputs,
                              Attributes attributes) {
  return add({layer_, name()}, node_of(op, std::move(attributes)), inputs, 1)[0];
}

Operand NodeTranslation::emit_part(std::string_view part, std::string_view op,
                                   const std::vector<Operand>& inputs, Attributes attributes) {
  return add({part_name(part), part_name(part)}, node_of(op, std::move(attributes)), inputs, 1)[0];
}

std::vector<Operand> NodeTranslation::emit_outputs(std::string_view op,
                                                   const std::vector<Operand>& inputs,
                                                   Attributes attributes, std::size_t count) {
  return add({layer_, name()}, node_of(op, std::move(attributes)), inputs, count);
}

Operand NodeTranslation::list(std::string_view part,
                              const std::vector<std::int64_t>& values) const {
  return {part_name(part), Tensor::of<std::int64_t>({std::ssize(values)}, values)};
}

Operand NodeTranslation::number(std::string_view part, float value) const {
  return {part_name(part), Tensor::scalar(value)};
}

ValueId NodeTranslation::value(const Operand& operand) {
  if (operand.constant == nullptr) return operand.value;
  Constant& constant = *operand.constant;
  if (!constant.value) {
    constant.value = graph().add_constant(constant.name, constant.tensor);
    if (constant.grid) {
      constant.value =
          quantize(constant.value, *constant.grid, static_cast<int>(constant.tensor.rank()) - 1);
    }
  }
  return constant.value;
}

ValueId NodeTranslation::quantize(ValueId value, const Grid& grid, int axis) {
  Quantizer entry;
  entry.name = grid.layer;
  entry.spec.bits = grid.bits;
  entry.spec.is_signed = false;
  entry.spec.symmetric = false;
  entry.spec.narrow_range = grid.narrow_range;
  if (grid.scale.size() > 1) {
    entry.spec.granularity = Granularity::kPerChannel;
    entry.spec.channel_axis = axis;
  }
  entry.scale = graph().add_scale({{}, grid.layer, grid.scale});
  entry.zero_point = grid.zero_point;
  Node node = node_of("Quant", {});
  node.layer = grid.layer;
  node.inputs = {value};
  node.outputs = {graph().add_value(grid.layer)};
  node.quantizer = graph().add_quantizer(std::move(entry));
  const ValueId output = node.outputs[0];
  infer_node(graph(), graph().add_node(std::move(node)));
  return output;
}

bool NodeTranslation::is_channels_last() const {
  const std::string format = text("data_format", "NHWC");
  check_supported(format == "NHWC" || format == "NCHW",
                  "its data_format is '{}' (supported: NHWC, NCHW)", format);
  return format == "NHWC";
}

Operand NodeTranslation::to_channels_first(const Operand& operand) {
  if (!is_channels_last()) return operand;
  const auto known = all_.channels_first.find(operand.value);
  if (operand.constant == nullptr && known != all_.channels_first.end()) return known->second;
  check_supported(dims(operand).size() == 4, "its input is {} (supported: images, [N, H, W, C])",
                  to_string(dims(operand)));
  return emit_part("nchw_input", "Transpose", {operand}, {{"perm", kToChannelsFirst}});
}

Operand NodeTranslation::emit_image_op(std::string_view op, const std::vector<Operand>& inputs,
                                       Attributes attributes) {
  if (!is_channels_last()) return emit(op, inputs, std::move(attributes));
  const Operand image =
      add({layer_, part_name("nchw")}, node_of(op, std::move(attributes)), inputs, 1)[0];
  const Operand result = add({part_name("nhwc"), name()},
                             node_of("Transpose", {{"perm", kToChannelsLast}}), {image}, 1)[0];
  if (result.constant == nullptr && image.constant == nullptr) {
    all_.channels_first[result.value] = image.value;
  }
  return result;
}

void NodeTranslation::define(std::vector<Operand> operands) {
  all_.results[static_cast<std::size_t>(index_)] = std::move(operands);
}

}  // namespace quern::tensorflow
