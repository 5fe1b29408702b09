#include "quern/ops/symbolic_integers.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>

#include "quern/ops/constant_value.h"
#include "quern/ops/dims.h"
#include "quern/ops/elementwise.h"
#include "quern/ops/evaluate_node.h"
#include "quern/ops/index_range.h"
#include "quern/ops/node_view.h"
#include "quern/ops/transpose.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

constexpr std::int64_t kMaxElementsTracked = 256;
constexpr int kMaxNodesVisited = 1000;

using Inputs = std::vector<SymbolicIntegers>;
using Result = std::optional<SymbolicIntegers>;

bool is_integer(DType dtype) { return dtype != DType::kFloat32 && dtype != DType::kFloat64; }

SymbolicIntegers vector_of(std::vector<SymbolicInteger> elements) {
  const Shape shape = {static_cast<std::int64_t>(elements.size())};
  return {shape, std::move(elements)};
}

Result from_constant(const Tensor& tensor) {
  if (!is_integer(tensor.dtype()) || tensor.dtype() == DType::kUint64) return std::nullopt;
  if (tensor.size() > kMaxElementsTracked) return std::nullopt;
  SymbolicIntegers result{tensor.shape(), {}};
  for (const std::int64_t value : to_vector<std::int64_t>(tensor)) {
    result.elements.push_back({value, ""});
  }
  return result;
}

/// The number of elements, where all extents are known.
Result size_of_input(const NodeView& node, const Inputs&) {
  const std::optional<Dims>& dims = node.dims(0);
  const Dim count = dims ? product(*dims) : Dim{};
  if (!count.is_fixed()) return std::nullopt;
  return SymbolicIntegers{{}, {{count.size, ""}}};
}

Result shape_of(const NodeView& node, const Inputs&) {
  const std::optional<Dims>& dims = node.dims(0);
  if (!dims) return std::nullopt;
  const auto [first, last] = shape_range(node, dims->size());
  std::vector<SymbolicInteger> elements;
  for (std::size_t i = first; i < last; ++i) {
    const Dim& dim = (*dims)[i];
    elements.push_back(dim.is_fixed() ? SymbolicInteger{dim.size, ""}
                                      : SymbolicInteger{std::nullopt, dim.symbol});
  }
  return vector_of(std::move(elements));
}

const Value& output(const NodeView& node) { return node.graph().value(node.node().outputs[0]); }

/// The ops that only rearrange axes of extent 1: the elements stay as they are.
Result relabelled(const NodeView& node, const Inputs& inputs) {
  const std::optional<Dims>& dims = output(node).dims;
  if (!dims) return std::nullopt;
  SymbolicIntegers result{{}, inputs[0].elements};
  for (const Dim& dim : *dims) {
    if (!dim.is_fixed()) return std::nullopt;
    result.shape.push_back(dim.size);
  }
  const bool agrees = least_element_count(*dims) == std::ssize(result.elements);
  return agrees ? Result(std::move(result)) : std::nullopt;
}

Result cast(const NodeView& node, const Inputs& inputs) {
  const DType to = output(node).dtype;
  if (to != DType::kInt64 && to != DType::kInt32) return std::nullopt;
  if (to == DType::kInt32) {
    for (const SymbolicInteger& element : inputs[0].elements) {
      if (element.number && *element.number != static_cast<std::int32_t>(*element.number)) {
        return std::nullopt;
      }
    }
  }
  return inputs[0];
}

Result gather(const NodeView& node, const Inputs& inputs) {
  const SymbolicIntegers& data = inputs[0];
  if (data.shape.size() != 1) return std::nullopt;
  const auto count = static_cast<std::int64_t>(data.elements.size());
  SymbolicIntegers result{inputs[1].shape, {}};
  for (const SymbolicInteger& index : inputs[1].elements) {
    if (!index.number) return std::nullopt;
    node.check(*index.number >= -count && *index.number < count,
               "Gather reads element {} of {} elements", *index.number, count);
    const std::int64_t position = *index.number < 0 ? *index.number + count : *index.number;
    result.elements.push_back(data.elements[static_cast<std::size_t>(position)]);
  }
  return result;
}

Result concat(const NodeView&, const Inputs& inputs) {
  std::vector<SymbolicInteger> elements;
  for (const SymbolicIntegers& input : inputs) {
    if (input.shape.size() != 1) return std::nullopt;
    elements.insert(elements.end(), input.elements.begin(), input.elements.end());
  }
  return vector_of(std::move(elements));
}

/// Along one axis.
Result slice(const NodeView& node, const Inputs& inputs) {
  const SymbolicIntegers& data = inputs[0];
  std::vector<std::int64_t> settings;  // start, end, axis, step
  for (std::size_t i = 1; i < 5; ++i) {
    const auto given =
        i < inputs.size() ? inputs[i].numbers() : std::vector<std::int64_t>{i == 4 ? 1 : 0};
    if (!given || given->size() != 1) return std::nullopt;
    settings.push_back((*given)[0]);
  }
  const std::size_t axis = node.axis(settings[2], data.shape.size());
  const SliceRange range =
      slice_range(node, data.shape[axis], settings[0], settings[1], settings[3]);
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < data.shape.size(); ++i) inner *= data.shape[i];
  SymbolicIntegers result{data.shape, {}};
  result.shape[axis] = range.count;
  const auto count = element_count(result.shape);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t place = i / inner % range.count;
    const std::int64_t outer = i / inner / range.count;
    const std::int64_t from =
        (outer * data.shape[axis] + range.start + place * range.step) * inner + i % inner;
    result.elements.push_back(data.elements[static_cast<std::size_t>(from)]);
  }
  return result;
}

/// Transposes the positions of the elements.
Result transpose(const NodeView& node, const Inputs& inputs) {
  const SymbolicIntegers& data = inputs[0];
  std::vector<std::int64_t> positions(data.elements.size());
  std::iota(positions.begin(), positions.end(), 0);
  const Tensor moved = transposed(Tensor::of<std::int64_t>(data.shape, positions),
                                  axis_order(node, data.shape.size()));
  SymbolicIntegers result{moved.shape(), {}};
  for (const std::int64_t position : moved.data<std::int64_t>()) {
    result.elements.push_back(data.elements[static_cast<std::size_t>(position)]);
  }
  return result;
}

/// a ∘ b; free where an operand is, unless the other is the neutral element; none on overflow.
std::optional<SymbolicInteger> combine(std::string_view op, const SymbolicInteger& a,
                                       const SymbolicInteger& b) {
  const bool is_sum = op == "Add" || op == "Sub";
  if (!a.number || !b.number) {
    const std::int64_t neutral = is_sum ? 0 : 1;
    if (b.is(neutral)) return a;
    const bool commutes = op == "Add" || op == "Mul";
    if (commutes && a.is(neutral)) return b;
    return SymbolicInteger{};
  }
  std::int64_t result = 0;
  bool overflows = false;
  if (op == "Add") overflows = __builtin_add_overflow(*a.number, *b.number, &result);
  if (op == "Sub") overflows = __builtin_sub_overflow(*a.number, *b.number, &result);
  if (op == "Mul") overflows = __builtin_mul_overflow(*a.number, *b.number, &result);
  if (op == "Div") {
    overflows = *b.number == 0 ||
                (*b.number == -1 && *a.number == std::numeric_limits<std::int64_t>::min());
    if (!overflows) result = *a.number / *b.number;
  }
  if (overflows) return std::nullopt;
  return SymbolicInteger{result, ""};
}

/// Element by element; one of the two may be a single element.
Result arithmetic(const NodeView& node, const Inputs& inputs) {
  const SymbolicIntegers& a = inputs[0];
  const SymbolicIntegers& b = inputs[1];
  const bool b_is_single = b.elements.size() == 1 && b.shape.size() <= a.shape.size();
  const bool a_is_single = a.elements.size() == 1 && a.shape.size() <= b.shape.size();
  if (a.shape != b.shape && !a_is_single && !b_is_single) return std::nullopt;
  const bool keeps_a = a.shape == b.shape || b_is_single;
  SymbolicIntegers result{keeps_a ? a.shape : b.shape, {}};
  const std::size_t count = keeps_a ? a.elements.size() : b.elements.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto element = combine(node.op(), a.elements[a.elements.size() == 1 ? 0 : i],
                                 b.elements[b.elements.size() == 1 ? 0 : i]);
    if (!element) return std::nullopt;
    result.elements.push_back(*element);
  }
  return result;
}

using Rule = Result (*)(const NodeView&, const Inputs&);
using Rules = std::map<std::string_view, Rule>;

/// What holds for free extents too.
const Rules& arithmetic_rules() {
  static const Rules table = {
      {"Add", arithmetic}, {"Cast", cast},          {"Div", arithmetic}, {"Mul", arithmetic},
      {"Shape", shape_of}, {"Size", size_of_input}, {"Sub", arithmetic},
  };
  return table;
}

/// What only moves elements, of whatever type.
const Rules& moving_rules() {
  static const Rules table = {
      {"Concat", concat},      {"Gather", gather},        {"Identity", relabelled},
      {"Reshape", relabelled}, {"Slice", slice},          {"Transpose", transpose},
      {"Squeeze", relabelled}, {"Unsqueeze", relabelled},
  };
  return table;
}

const Rule* find(const Rules& rules, std::string_view op) {
  const auto found = rules.find(op);
  return found == rules.end() ? nullptr : &found->second;
}

/// What is known of a value: integers, of which some may be free, or a tensor of another type.
struct Known {
  std::optional<SymbolicIntegers> integers;
  std::optional<Tensor> tensor;
};

std::optional<Known> known_from(const Tensor& tensor) {
  if (tensor.size() > kMaxElementsTracked) return std::nullopt;
  if (auto integers = from_constant(tensor)) return Known{std::move(integers), {}};
  return Known{{}, tensor};
}

std::optional<Tensor> tensor_of(const Known& known, DType dtype) {
  if (known.tensor) return known.tensor;
  const auto numbers = known.integers->numbers();
  if (!numbers) return std::nullopt;
  return elementwise("Cast", {Tensor::of<std::int64_t>(known.integers->shape, *numbers)}, dtype);
}

/// Moves floats and truths as their positions in one list are moved.
std::optional<Tensor> moved(Rule rule, const NodeView& node, const std::vector<Known>& inputs) {
  std::vector<double> elements;
  Inputs positions;
  for (const Known& input : inputs) {
    if (input.integers) {
      positions.push_back(*input.integers);
      continue;
    }
    SymbolicIntegers places{input.tensor->shape(), {}};
    for (const double element : to_vector<double>(*input.tensor)) {
      places.elements.push_back({std::ssize(elements), ""});
      elements.push_back(element);
    }
    positions.push_back(std::move(places));
  }
  const Result result = rule(node, positions);
  const auto places = result ? result->numbers() : std::nullopt;
  if (!places) return std::nullopt;
  std::vector<double> values;
  for (const std::int64_t place : *places)
    values.push_back(elements[static_cast<std::size_t>(place)]);
  return elementwise("Cast", {Tensor::of<double>(result->shape, values)}, output(node).dtype);
}

/// Walks back from a value. The count of visits bounds both the depth of the recursion and the cost
/// of a chain that reads the same value again and again.
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph) : graph_(graph) {}

  std::optional<Known> evaluate(ValueId value) {
    if (++visits_ > kMaxNodesVisited || !value) return std::nullopt;
    if (const auto& constant = graph_.value(value).constant) return known_from(*constant);
    const Node* producer = graph_.producer(value);
    if (producer == nullptr || producer->outputs[0] != value) return std::nullopt;
    const NodeView node(graph_, *producer);
    if (producer->op == "Constant") return known_from(constant_attribute(node));

    std::vector<Known> inputs;
    const bool reads_shape = producer->op == "Shape" || producer->op == "Size";
    for (std::size_t i = 0; i < producer->inputs.size() && !reads_shape; ++i) {
      auto known = evaluate(producer->inputs[i]);
      if (!known) return std::nullopt;
      inputs.push_back(std::move(*known));
    }
    return combine(node, inputs);
  }

 private:
  static std::optional<Known> combine(const NodeView& node, const std::vector<Known>& inputs) {
    const auto is_integer = [](const Known& known) { return known.integers.has_value(); };
    const bool of_integers = std::ranges::all_of(inputs, is_integer);
    const Rule* moving = find(moving_rules(), node.op());
    const Rule* rule = moving != nullptr ? moving : find(arithmetic_rules(), node.op());
    if (rule != nullptr && of_integers) {
      Inputs integers;
      for (const Known& input : inputs) integers.push_back(*input.integers);
      Result result = (*rule)(node, integers);
      if (result && std::ssize(result->elements) <= kMaxElementsTracked) {
        return Known{std::move(result), {}};
      }
    } else if (moving != nullptr) {
      const auto result = moved(*moving, node, inputs);
      return result ? known_from(*result) : std::nullopt;
    }
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto tensor = tensor_of(inputs[i], node.dtype(i));
      if (!tensor) return std::nullopt;
      tensors.push_back(*tensor);
    }
    const auto result = tensors.empty() ? std::nullopt : evaluate_node(node, tensors);
    return result ? known_from(*result) : std::nullopt;
  }

  const Graph& graph_;
  int visits_ = 0;
};

}  // namespace

std::optional<std::vector<std::int64_t>> SymbolicIntegers::numbers() const {
  std::vector<std::int64_t> result;
  for (const SymbolicInteger& element : elements) {
    if (!element.number) return std::nullopt;
    result.push_back(*element.number);
  }
  return result;
}

std::optional<SymbolicIntegers> symbolic_integers(const Graph& graph, ValueId value) {
  auto known = Evaluator(graph).evaluate(value);
  return known ? std::move(known->integers) : std::nullopt;
}

std::optional<std::vector<std::int64_t>> known_integers(const Graph& graph, ValueId value) {
  const auto found = symbolic_integers(graph, value);
  return found ? found->numbers() : std::nullopt;
}

std::optional<Tensor> known_chain(const Graph& graph, ValueId value) {
  const auto known = Evaluator(graph).evaluate(value);
  return known ? tensor_of(*known, graph.value(value).dtype) : std::nullopt;
}

}  // namespace quern
