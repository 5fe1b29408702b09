#include "quern/ops/symbolic_integers.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "quern/ops/constant_value.h"
#include "quern/ops/dims.h"
#include "quern/ops/index_range.h"
#include "quern/ops/node_view.h"

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

Result slice(const NodeView& node, const Inputs& inputs) {
  const SymbolicIntegers& data = inputs[0];
  const auto starts = inputs[1].numbers();
  const auto ends = inputs[2].numbers();
  const auto steps = inputs.size() > 4 ? inputs[4].numbers() : std::vector<std::int64_t>{1};
  const bool is_plain = data.shape.size() == 1 && starts && starts->size() == 1 && ends &&
                        ends->size() == 1 && steps && steps->size() == 1;
  if (!is_plain) return std::nullopt;
  const auto count = static_cast<std::int64_t>(data.elements.size());
  const SliceRange range = slice_range(node, count, (*starts)[0], (*ends)[0], (*steps)[0]);
  std::vector<SymbolicInteger> elements;
  for (std::int64_t i = 0; i < range.count; ++i) {
    elements.push_back(data.elements[static_cast<std::size_t>(range.start + i * range.step)]);
  }
  return vector_of(std::move(elements));
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

const std::map<std::string_view, Rule>& rules() {
  static const std::map<std::string_view, Rule> table = {
      {"Add", arithmetic},       {"Cast", cast},          {"Concat", concat},
      {"Div", arithmetic},       {"Gather", gather},      {"Identity", relabelled},
      {"Mul", arithmetic},       {"Reshape", relabelled}, {"Shape", shape_of},
      {"Slice", slice},          {"Squeeze", relabelled}, {"Sub", arithmetic},
      {"Unsqueeze", relabelled},
  };
  return table;
}

/// Walks back from a value. The count of visits bounds both the depth of the recursion and the cost
/// of a chain that reads the same value again and again.
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph) : graph_(graph) {}

  Result evaluate(ValueId value) {
    if (++visits_ > kMaxNodesVisited || !value) return std::nullopt;
    if (const auto& constant = graph_.value(value).constant) return from_constant(*constant);
    const Node* producer = graph_.producer(value);
    if (producer == nullptr) return std::nullopt;
    if (producer->op == "Constant") {
      return from_constant(constant_attribute(NodeView(graph_, *producer)));
    }
    const auto rule = rules().find(producer->op);
    if (rule == rules().end()) return std::nullopt;

    Inputs inputs;
    if (producer->op != "Shape") {
      for (const ValueId input : producer->inputs) {
        Result known = evaluate(input);
        if (!known) return std::nullopt;
        inputs.push_back(std::move(*known));
      }
    }
    Result result = rule->second(NodeView(graph_, *producer), inputs);
    const bool is_small = result && std::ssize(result->elements) <= kMaxElementsTracked;
    return is_small ? result : std::nullopt;
  }

 private:
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
  return Evaluator(graph).evaluate(value);
}

std::optional<std::vector<std::int64_t>> known_integers(const Graph& graph, ValueId value) {
  const auto found = symbolic_integers(graph, value);
  return found ? found->numbers() : std::nullopt;
}

}  // namespace quern
