#include "quern/pipeline/dump.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "quern/base/error.h"
#include "quern/executor/plan.h"

namespace quern {
namespace {

constexpr std::array<std::pair<std::string_view, DumpKind>, 3> kKinds = {
    {{"logits", DumpKind::kLogits}, {"codes", DumpKind::kCodes}, {"all", DumpKind::kAll}}};

/// A value that a run shows, and under which name.
struct Shown {
  std::string name;
  const Quantizer* quantizer = nullptr;  ///< Of codes; null for float values.
};

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

}  // namespace

DumpKind dump_kind_from(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  fail(ErrorCode::kInvalidArgument, "cannot dump '{}' (logits, codes, all)", name);
}

std::map<std::string, Tensor> dump(const Graph& graph, const std::vector<Sample>& samples,
                                   const LoaderOptions& options, DumpKind kind) {
  const std::map<ValueId, Shown> shown = shown_values(graph, kind);
  PlanOptions plan_options;
  for (const auto& [value, entry] : shown) plan_options.taps.push_back(value);
  const Plan plan(graph, plan_options);

  const auto batch_size = static_cast<std::size_t>(options.batch_size);
  std::vector<std::map<std::string, Tensor>> parts((samples.size() + batch_size - 1) / batch_size);
  for_each_batch(samples, options, [&](int, const Batch& batch) {
    std::map<std::string, Tensor>& part = parts.at(batch.index);
    const std::vector<Tensor> outputs =
        plan.run({batch.images}, [&](ValueId id, const TensorView& view) {
          const Shown& entry = shown.at(id);
          const Tensor values = view.to_tensor();
          part[entry.name] =
              entry.quantizer != nullptr ? to_codes(graph, *entry.quantizer, values) : values;
        });
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      part[graph.value(graph.outputs()[i]).name] = outputs[i];
    }
    if (kind != DumpKind::kLogits) part[graph.value(graph.inputs()[0]).name] = batch.images;
  });

  std::map<std::string, std::vector<Tensor>> by_name;
  for (const auto& part : parts) {
    for (const auto& [name, tensor] : part) by_name[name].push_back(tensor);
  }
  std::map<std::string, Tensor> whole;
  for (const auto& [name, tensors] : by_name) whole[name] = concatenate(tensors);
  return whole;
}

}  // namespace quern
