#include "quern/importers/tflite/op.h"

#include <set>
#include <utility>

#include "quern/importers/tflite/weights.h"
#include "quern/ops/infer_node.h"
#include "quern/ops/symbolic_integers.h"
#include "quern/ops/transpose.h"
#include "quern/tensor/tensor.h"

namespace quern {
namespace {

using tflite::ActivationFunctionType;

/// The module that a weight belongs to ("model/conv2d" of "model/conv2d/Conv2D"); empty where its
/// name says none.
std::string module_of(const std::string& weight) {
  const std::string name = short_name(weight);
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

/// Infers the nodes on the way to `value` whose outputs have no shape yet.
void infer_up_to(Graph& graph, ValueId value) {
  std::vector<ValueId> open = {value};
  std::set<ValueId> visited;
  while (!open.empty()) {
    const ValueId next = open.back();
    const Node* node = graph.producer(next);
    if (node == nullptr || graph.value(next).dims) {
      open.pop_back();
    } else if (visited.insert(next).second) {
      for (const ValueId input : node->inputs) {
        if (input) open.push_back(input);
      }
    } else {
      infer_node(graph, node->id);
      open.pop_back();
    }
  }
}

}  // namespace

TfliteOp::TfliteOp(const TfliteOperator& table, const TfliteForm& form, Graph& graph,
                   TfliteValues& values)
    : table_(table), form_(form), graph_(graph), values_(values) {
  if (form.has_weight && has_input(1)) layer_ = module_of(values.tensor(input(1)).name);
  if (layer_.empty()) layer_ = short_name(values.tensor(output(0)).name);
}

bool TfliteOp::has_input(std::size_t i) const {
  return i < table_.inputs.size() && table_.inputs[i] >= 0;
}

int TfliteOp::input(std::size_t i) const {
  check(has_input(i), "it lacks its input {}", i);
  return table_.inputs[i];
}

int TfliteOp::output(std::size_t i) const {
  check(i < table_.outputs.size(), "it has {} outputs, expected {} or more", table_.outputs.size(),
        i + 1);
  return table_.outputs[i];
}

const Dims& TfliteOp::dims(std::size_t i) const { return values_.tensor(input(i)).dims; }

ValueId TfliteOp::value(std::size_t i) { return values_.value(input(i)); }

ValueId TfliteOp::image(std::size_t i) {
  check_supported(dims(i).size() == 4, "its input is {} (supported: [N, height, width, C])",
                  to_string(dims(i)));
  return emit("Transpose", {value(i)}, {{"perm", kToChannelsFirst}});
}

std::vector<std::int64_t> TfliteOp::integers(std::size_t i) {
  const Tensor elements = values_.constant(input(i));
  check(elements.dtype() == DType::kInt64, "'{}' does not hold whole numbers",
        values_.tensor(input(i)).name);
  return to_vector<std::int64_t>(elements);
}

std::vector<std::optional<std::int64_t>> TfliteOp::extents(std::size_t i) {
  std::vector<std::optional<std::int64_t>> result;
  if (is_constant(i)) {
    for (const std::int64_t extent : integers(i)) result.emplace_back(extent);
    return result;
  }
  infer_up_to(graph_, value(i));
  const std::optional<SymbolicIntegers> known = symbolic_integers(graph_, value(i));
  check_supported(known.has_value(),
                  "it reads tensor '{}', which is computed from data (supported: a constant, or a "
                  "chain that reads shapes)",
                  graph_.value(value(i)).name);
  for (const SymbolicInteger& element : known->elements) result.push_back(element.number);
  return result;
}

ValueId TfliteOp::number(std::size_t i) {
  const Tensor element = values_.constant(input(i));
  check_supported(element.size() == 1 && element.dtype() == DType::kFloat32,
                  "'{}' has the shape {} (supported: one real number)",
                  values_.tensor(input(i)).name, to_string(element.shape()));
  return graph_.add_constant(layer_ + ".constant", element.reshaped({}));
}

ValueId TfliteOp::weight(std::size_t i, const std::vector<std::size_t>& order) {
  return add_weight(graph_, values_, input(i), order, layer_);
}

void TfliteOp::append_bias(std::size_t i, std::size_t x, std::vector<ValueId>& inputs) {
  if (!has_input(i)) return;
  inputs.push_back(add_bias(graph_, values_, input(i), input(x), inputs.at(1), layer_));
}

ValueId TfliteOp::constant(const std::vector<std::int64_t>& integers) {
  return graph_.add_constant(
      layer_ + ".constant",
      Tensor::of<std::int64_t>({static_cast<std::int64_t>(integers.size())}, integers));
}

ValueId TfliteOp::constant(float number) {
  return graph_.add_constant(layer_ + ".constant", Tensor::scalar(number));
}

ValueId TfliteOp::emit(std::string_view op, std::vector<ValueId> inputs, Attributes attributes) {
  return emit(op, std::move(inputs), std::move(attributes), 1)[0];
}

std::vector<ValueId> TfliteOp::emit(std::string_view op, std::vector<ValueId> inputs,
                                    Attributes attributes, std::size_t outputs) {
  Node node;
  // The layer's name is that of the node which computes its output.
  node.layer = fmt::format("{}.{}", layer_, op);
  node.op = op;
  node.inputs = std::move(inputs);
  node.attributes = std::move(attributes);
  for (std::size_t i = 0; i < outputs; ++i) {
    node.outputs.push_back(graph_.add_value(node.layer));
  }
  std::vector<ValueId> values = node.outputs;
  graph_.add_node(std::move(node));
  return values;
}

Node TfliteOp::activation_node(ActivationFunctionType activation) {
  Node node;
  node.layer = layer_ + ".activation";
  // The first input is the value that is activated.
  switch (activation) {
    case ActivationFunctionType::RELU:
      node.op = "Relu";
      node.inputs = {ValueId{}};
      return node;
    case ActivationFunctionType::RELU6:
      node.op = "Clip";
      node.inputs = {ValueId{}, constant(0.0F), constant(6.0F)};
      return node;
    case ActivationFunctionType::RELU_N1_TO_1:
      node.op = "Clip";
      node.inputs = {ValueId{}, constant(-1.0F), constant(1.0F)};
      return node;
    case ActivationFunctionType::TANH:
      node.op = "Tanh";
      node.inputs = {ValueId{}};
      return node;
    default:
      fail(ErrorCode::kUnsupported,
           "it has the fused activation {} (supported: RELU, RELU6, RELU_N1_TO_1, TANH)",
           static_cast<int>(activation));
  }
}

bool TfliteOp::needs_quant(int output, bool is_activated) {
  if (!values_.quantizer(output)) return false;
  if (form_.grid != GridRule::kPreserved || is_activated) return true;
  bool reads_codes = false;
  for (const int input : table_.inputs) {
    if (input < 0 || !values_.tensor(values_.source(input)).grid) continue;
    if (!values_.have_one_grid(input, output)) return true;
    reads_codes = true;
  }
  return !reads_codes;
}

void TfliteOp::finish(const Result& result, std::size_t output) {
  Node node;
  node.layer = layer_;
  node.op = result.op;
  node.inputs = result.inputs;
  node.attributes = result.attributes;
  std::vector<Node> chain = {std::move(node)};
  const bool is_activated = result.activation != ActivationFunctionType::NONE;
  if (is_activated) chain.push_back(activation_node(result.activation));
  finish_chain(std::move(chain), {}, this->output(output), is_activated, result.is_image);
}

void TfliteOp::finish(ValueId value, std::size_t output) {
  finish_chain({}, value, this->output(output), false, false);
}

void TfliteOp::finish_chain(std::vector<Node> chain, ValueId value, int output, bool is_activated,
                            bool is_image) {
  if (needs_quant(output, is_activated)) {
    Node quant;
    quant.layer = layer_ + ".output_quant";
    quant.op = "Quant";
    quant.inputs = {ValueId{}};
    quant.quantizer = *values_.quantizer(output);
    chain.push_back(std::move(quant));
  }
  // What the layer computes has the tensor's name; of a network's output it is what leaves.
  const bool leaves = values_.is_output(output);
  const std::size_t named = chain.size() + (is_image && leaves ? 1 : 0);
  if (is_image) {
    Node transpose;
    transpose.layer = layer_ + ".Transpose";
    transpose.op = "Transpose";
    transpose.inputs = {ValueId{}};
    transpose.attributes = {{"perm", kToChannelsLast}};
    chain.push_back(std::move(transpose));
  }
  const std::string& name = values_.tensor(output).name;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (i > 0 || value) chain[i].inputs.at(0) = value;
    value = graph_.add_value(i + 1 == named ? name : fmt::format("{}.{}", name, chain[i].op));
    chain[i].outputs = {value};
    graph_.add_node(std::move(chain[i]));
  }
  values_.define(output, value);
}

}  // namespace quern
