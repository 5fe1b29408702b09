#include "quern/lower/internal/lowering.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/lower/internal/codes_source.h"
#include "quern/lower/refusal.h"
#include "quern/quantizers/fake_quant.h"

namespace quern::internal {

const Lowered& Lowering::at(ValueId value) const {
  const auto found = values_.find(value);
  ensure(found != values_.end(), "the value '{}' has not been lowered", graph.value(value).name);
  return found->second;
}

TensorIndex Lowering::codes(const Node& node, std::size_t index) const {
  const Lowered& lowered = at(node.inputs[index]);
  if (const auto* tensor = std::get_if<TensorIndex>(&lowered)) return *tensor;
  refuse(node, fmt::format("its input '{}' is on no grid", graph.value(node.inputs[index]).name),
         "what a Quant of at most 8 bits computes can be lowered");
}

Pending Lowering::pending(ValueId value) const {
  const Lowered& lowered = at(value);
  if (const auto* pending = std::get_if<Pending>(&lowered)) return *pending;
  return {std::make_shared<CodesSource>(*this, std::get<TensorIndex>(lowered)), {}};
}

const IntTensor& Lowering::tensor(TensorIndex index) const {
  return model.tensors[static_cast<std::size_t>(index)];
}

Extents Lowering::extents(TensorIndex index) const {
  const IntTensor& of = tensor(index);
  return {of.height, of.width, of.channels};
}

const Grid& Lowering::grid(TensorIndex index) const {
  return grids_[static_cast<std::size_t>(index)];
}

std::string Lowering::unique_name(const std::string& wanted) const {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::any_of(model.tensors,
                               [&](const IntTensor& tensor) { return tensor.name == name; });
  };
  std::string name = wanted;
  for (int i = 2; is_taken(name); ++i) name = fmt::format("{}#{}", wanted, i);
  return name;
}

TensorIndex Lowering::add_tensor(const std::string& name, const Extents& extents,
                                 const Grid& grid) {
  model.tensors.push_back({.name = unique_name(name),
                           .height = extents.height,
                           .width = extents.width,
                           .channels = extents.channels,
                           .bits = grid.stored_bits(),
                           .scale = {grid.scale},
                           .zero_point = grid.stored_zero(),
                           .first_code = grid.first_code()});
  grids_.push_back(grid);
  return static_cast<TensorIndex>(model.tensors.size()) - 1;
}

TensorIndex Lowering::add_accumulators(const std::string& name, const Extents& extents,
                                       std::vector<float> scale) {
  model.tensors.push_back({.name = unique_name(name),
                           .height = extents.height,
                           .width = extents.width,
                           .channels = extents.channels,
                           .bits = 32,
                           .scale = std::move(scale)});
  grids_.emplace_back();
  return static_cast<TensorIndex>(model.tensors.size()) - 1;
}

void Lowering::note(const std::string& layer, const std::string& clause) {
  report.notes.push_back(fmt::format("'{}' {}", layer, clause));
}

TensorIndex Lowering::stored_as(TensorIndex index, const Grid& wanted) {
  const Grid from = grid(index);
  if (from.stored_bits() == wanted.stored_bits() && from.first_code() == wanted.first_code()) {
    return index;
  }
  IntLookup lookup;
  for (std::int32_t code = 0; code < 1 << from.stored_bits(); ++code) {
    const std::int32_t moved = code + from.first_code() - wanted.first_code();
    lookup.table.push_back(
        static_cast<std::uint8_t>(std::clamp(moved, wanted.low(), wanted.high())));
  }
  const std::string name = tensor(index).name;
  const TensorIndex output = add_tensor(name, extents(index), wanted);
  add_op({.layer = name, .inputs = {index}, .output = output, .kind = std::move(lookup)});
  return output;
}

const std::string& tensor_name(const Graph& graph, ValueId value) {
  const Node* producer = graph.producer(value);
  return producer != nullptr ? producer->layer : graph.value(value).name;
}

Extents extents_of(const Graph& graph, ValueId value) {
  const Value& of = graph.value(value);
  const auto extent = [&](std::size_t axis) {
    const Dim& dim = (*of.dims)[axis];
    if (!dim.is_fixed() || dim.size > INT32_MAX) {
      fail(ErrorCode::kUnsupported,
           "cannot lower '{}': its shape {} is not fixed; fix it by --crop or when the model is "
           "written",
           of.name, to_string(*of.dims));
    }
    return static_cast<std::int32_t>(dim.size);
  };
  if (!of.dims || of.dims->empty()) {
    fail(ErrorCode::kUnsupported, "cannot lower '{}': its shape is unknown", of.name);
  }
  if (of.dims->size() == 4) return {extent(2), extent(3), extent(1)};
  Extents row;
  for (std::size_t axis = 1; axis < of.dims->size(); ++axis) row.channels *= extent(axis);
  return row;
}

void check_is_picture(const Lowering& lowering, const Node& node, TensorIndex input) {
  if (extents_of(lowering.graph, node.inputs[0]) == lowering.extents(input)) return;
  refuse(node, "an input that was reshaped from a picture of other extents",
         "a Gemm may follow a Flatten, other ops read what a Quant computed as it is");
}

Tensor constant_of(const Graph& graph, ValueId value) {
  const Tensor& constant = *graph.constant_behind(value);
  const Node* quant = graph.quant_of(value);
  if (quant == nullptr) return constant;
  return fake_quant(constant, graph.quantizer(quant->quantizer).spec,
                    graph.params(quant->quantizer));
}

}  // namespace quern::internal
