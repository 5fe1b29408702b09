#include "quern/pipeline/dump.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "quern/analysis/sample_mixing.h"
#include "quern/base/error.h"
#include "quern/executor/plan.h"

namespace quern {
namespace {

constexpr std::array<std::pair<std::string_view, DumpKind>, 3> kKinds = {
    {{"logits", DumpKind::kLogits}, {"codes", DumpKind::kCodes}, {"all", DumpKind::kAll}}};

using Arrays = std::map<std::string, Tensor>;

/// A value that a run shows, and under which name.
struct Shown {
  std::string name;
  const Quantizer* quantizer = nullptr;  ///< Of codes; null for float values.
};

/// Layers stand in the dump beside inputs and outputs, which are called by the names of their
/// values.
void check_names(const Graph& graph, const std::map<ValueId, Shown>& shown) {
  for (const auto& [value, entry] : shown) {
    const std::optional<ValueId> other = graph.find_value(entry.name);
    if (!other || (!graph.is_output(*other) &&
                   std::ranges::find(graph.inputs(), *other) == graph.inputs().end())) {
      continue;
    }
    const bool is_same = *other == value && entry.quantizer == nullptr;
    if (!is_same) {
      fail(ErrorCode::kUnsupported,
           "the layer '{0}' and the network's '{0}' share a name, so a dump can not hold both",
           entry.name);
    }
  }
}

std::map<ValueId, Shown> shown_values(const Graph& graph, DumpKind kind) {
  std::map<ValueId, Shown> shown;
  if (kind == DumpKind::kLogits) return shown;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (node.op == "Quant") {
      if (graph.is_constant(node.inputs[0])) continue;
      shown[node.outputs[0]] = {node.layer, &graph.quantizer(node.quantizer)};
    } else if (kind == DumpKind::kAll) {
      shown[node.outputs[0]] = {node.layer, nullptr};
    }
  }
  check_names(graph, shown);
  return shown;
}

template <class Code>
Tensor codes_as(const Tensor& values, const QuantParams& params, std::size_t channel_stride) {
  Tensor codes(DTypeOf<Code>::value, values.shape());
  const auto from = values.data<float>();
  const auto to = codes.mutable_data<Code>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t channel = i / channel_stride % params.scale.size();
    // Values lie on the grid, so the quotient is an integer up to the last bit of the division.
    const double steps = std::nearbyint(double{from[i]} / double{params.scale[channel]});
    to[i] = static_cast<Code>(steps + params.zero_point[channel]);
  }
  return codes;
}

Tensor to_codes(const Graph& graph, const Quantizer& quantizer, const Tensor& values) {
  const QuantParams params = graph.params(quantizer.id);
  std::size_t channel_stride = 1;
  for (std::size_t axis = values.rank();
       axis-- > static_cast<std::size_t>(quantizer.spec.channel_axis) + 1;) {
    channel_stride *= static_cast<std::size_t>(values.shape()[axis]);
  }
  const QuantSpec& spec = quantizer.spec;
  const auto holds = [&](auto limits) {
    return spec.qmin() >= limits.min() && spec.qmax() <= limits.max();
  };
  if (holds(std::numeric_limits<std::int8_t>())) {
    return codes_as<std::int8_t>(values, params, channel_stride);
  }
  if (holds(std::numeric_limits<std::uint8_t>())) {
    return codes_as<std::uint8_t>(values, params, channel_stride);
  }
  if (holds(std::numeric_limits<std::int16_t>())) {
    return codes_as<std::int16_t>(values, params, channel_stride);
  }
  if (holds(std::numeric_limits<std::uint16_t>())) {
    return codes_as<std::uint16_t>(values, params, channel_stride);
  }
  return codes_as<std::int64_t>(values, params, channel_stride);
}

/// All parts one after the other along the first axis.
Tensor concatenate(const std::vector<Tensor>& parts) {
  Shape shape = parts.at(0).shape();
  shape.at(0) = 0;
  for (const Tensor& part : parts) shape[0] += part.shape().at(0);
  Tensor whole(parts[0].dtype(), shape);
  std::byte* position = whole.mutable_bytes().data();
  for (const Tensor& part : parts) {
    std::memcpy(position, part.bytes().data(), part.bytes().size());
    position += part.bytes().size();
  }
  return whole;
}

/// Each array of all parts, which hold the same ones.
Arrays concatenate(const std::vector<Arrays>& parts) {
  std::map<std::string, std::vector<Tensor>> by_name;
  for (const Arrays& part : parts) {
    for (const auto& [name, tensor] : part) by_name[name].push_back(tensor);
  }
  Arrays whole;
  for (const auto& [name, tensors] : by_name) whole[name] = concatenate(tensors);
  return whole;
}

/// Samples [first, last).
Tensor rows(const Tensor& tensor, std::int64_t first, std::int64_t last) {
  Shape shape = tensor.shape();
  const std::size_t row = tensor.bytes().size() / static_cast<std::size_t>(shape.at(0));
  shape[0] = last - first;
  Tensor part(tensor.dtype(), shape);
  const std::span<std::byte> to = part.mutable_bytes();
  std::memcpy(to.data(), tensor.bytes().data() + static_cast<std::size_t>(first) * row, to.size());
  return part;
}

/// A compiled graph whose runs keep their numbers.
class DumpPlan {
 public:
  DumpPlan(const Graph& graph, DumpKind kind)
      : graph_(graph), kind_(kind), shown_(shown_values(graph, kind)), plan_(graph, taps()) {}

  Arrays run(const std::vector<Tensor>& inputs) const {
    Arrays arrays;
    const std::vector<Tensor> outputs = plan_.run(inputs, [&](ValueId id, const TensorView& view) {
      const Shown& entry = shown_.at(id);
      const Tensor values = view.to_tensor();
      arrays[entry.name] =
          entry.quantizer != nullptr ? to_codes(graph_, *entry.quantizer, values) : values;
    });
    check_rows(outputs, inputs.at(0).shape().at(0));
    keep(graph_.outputs(), outputs, arrays);
    if (kind_ != DumpKind::kLogits) keep(graph_.inputs(), inputs, arrays);
    return arrays;
  }

  std::int64_t bytes_per_sample() const { return plan_.bytes_per_sample(); }

 private:
  PlanOptions taps() const {
    PlanOptions options;
    for (const auto& [value, entry] : shown_) options.taps.push_back(value);
    return options;
  }

  void keep(const std::vector<ValueId>& values, const std::vector<Tensor>& tensors,
            Arrays& arrays) const {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      arrays[graph_.value(values[i]).name] = tensors[i];
    }
  }

  void check_rows(const std::vector<Tensor>& outputs, std::int64_t samples) const {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Shape& shape = outputs[i].shape();
      if (!shape.empty() && shape[0] == samples) continue;
      fail(ErrorCode::kUnsupported,
           "the output '{}' has the shape {} for {} samples, expected a row for each",
           graph_.value(graph_.outputs()[i]).name, to_string(shape), samples);
    }
  }

  const Graph& graph_;
  DumpKind kind_;
  std::map<ValueId, Shown> shown_;
  Plan plan_;
};

}  // namespace

DumpKind dump_kind_from(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  fail(ErrorCode::kInvalidArgument, "cannot dump '{}' (logits, codes, all)", name);
}

Dump dump(const Graph& graph, const std::vector<Sample>& samples, const LoaderOptions& options,
          DumpKind kind) {
  if (samples.size() > 1) check_samples_stay_apart(graph);
  const DumpPlan plan(graph, kind);
  const LoaderOptions loader = within_memory(options, plan.bytes_per_sample());
  std::vector<Arrays> parts(batch_count(samples.size(), loader));
  std::vector<std::vector<std::size_t>> positions(parts.size());
  LoaderReport loaded = for_each_batch(samples, loader, [&](int, const Batch& batch) {
    parts.at(batch.index) = plan.run({batch.images});
    positions.at(batch.index) = batch.samples;
  });
  Dump whole{.arrays = concatenate(parts), .samples = {}, .skipped = std::move(loaded.skipped)};
  for (const auto& batch : positions) {
    whole.samples.insert(whole.samples.end(), batch.begin(), batch.end());
  }
  return whole;
}

Arrays dump(const Graph& graph, const std::vector<Tensor>& inputs, int batch_size, DumpKind kind) {
  require(batch_size > 0, "the batch size must be 1 or more, got {}", batch_size);
  for (const Tensor& input : inputs) {
    require(input.rank() > 0 && input.shape()[0] == inputs[0].shape()[0],
            "inputs of shapes {} and {} differ in their number of samples",
            to_string(inputs[0].shape()), to_string(input.shape()));
  }
  const std::int64_t samples = inputs.at(0).shape()[0];
  if (samples > 1) check_samples_stay_apart(graph);
  const DumpPlan plan(graph, kind);
  batch_size =
      within_memory({.batch_size = batch_size, .threads = 1}, plan.bytes_per_sample()).batch_size;
  std::vector<Arrays> parts;
  for (std::int64_t first = 0; first < samples; first += batch_size) {
    std::vector<Tensor> batch;
    for (const Tensor& input : inputs) {
      batch.push_back(rows(input, first, std::min(samples, first + batch_size)));
    }
    parts.push_back(plan.run(batch));
  }
  return concatenate(parts);
}

}  // namespace quern
