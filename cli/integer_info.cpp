#include "cli/integer_info.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "cli/table.h"
#include "quern/base/readable.h"
#include "quern/engine/accumulator_bound.h"
#include "quern/engine/op_kind.h"

namespace quern::cli {
namespace {

constexpr std::array<std::string_view, 4> kRoundings = {"accumulator", "nearest", "floor",
                                                        "thresholds"};

const IntTensor& tensor(const IntModel& model, TensorIndex index) {
  return model.tensors[static_cast<std::size_t>(index)];
}

const Requantization* requantization(const IntOp& op) {
  if (const auto* conv = std::get_if<IntConv>(&op.kind)) return &conv->requantization;
  if (const auto* pool = std::get_if<IntAveragePool>(&op.kind)) return &pool->requantization;
  if (const auto* add = std::get_if<IntAdd>(&op.kind)) return &add->requantization;
  if (const auto* affine = std::get_if<IntAffine>(&op.kind)) return &affine->requantization;
  return nullptr;
}

std::int64_t largest_bound(const IntModel& model, const IntConv& conv, const IntOp& op) {
  std::int64_t bound = 0;
  for (std::int32_t c = 0; c < conv.weights.channels; ++c) {
    bound = std::max(bound, accumulator_bound(conv, tensor(model, op.inputs[0]).bits, c));
  }
  return bound;
}

std::string shape(const IntTensor& of) {
  return fmt::format("{}x{}x{}", of.height, of.width, of.channels);
}

nlohmann::json to_json(const IntModel& model, const IntOp& op) {
  const IntTensor& output = tensor(model, op.output);
  nlohmann::json json = {{"layer", op.layer},
                         {"op", kind_of(op)},
                         {"output", {output.height, output.width, output.channels}},
                         {"bits", output.bits},
                         {"scale", output.scale}};
  if (const Requantization* to = requantization(op)) {
    json["requantization"] = kRoundings[static_cast<std::size_t>(to->rounding)];
  }
  if (const auto* conv = std::get_if<IntConv>(&op.kind)) {
    json["weight_bits"] = conv->weights.bits;
    json["bound"] = largest_bound(model, *conv, op);
  }
  return json;
}

nlohmann::json to_json(const IntTensor& of) {
  return {{"name", of.name},
          {"shape", {of.height, of.width, of.channels}},
          {"bits", of.bits},
          {"zero_point", of.zero_point},
          {"first_code", of.first_code}};
}

}  // namespace

std::int64_t weight_bytes(const IntModel& model) {
  std::int64_t bytes = 0;
  for (const IntOp& op : model.ops) {
    const auto* conv = std::get_if<IntConv>(&op.kind);
    if (conv != nullptr) bytes += 4 * std::ssize(conv->weights.words);
  }
  return bytes;
}

nlohmann::json integers_json(const IntegerFile& file) {
  const IntModel& model = file.model;
  nlohmann::json json = {{"network", file.provenance.network},
                         {"fold", name(file.provenance.options.fold)},
                         {"rounding", name(file.provenance.options.rounding)},
                         {"source", file.provenance.source},
                         {"weight_bytes", weight_bytes(model)},
                         {"arena_bytes", model.memory.arena_bytes}};
  for (const IntInput& input : model.inputs) {
    json["inputs"].push_back(to_json(tensor(model, input.tensor)));
    json["inputs"].back()["takes"] = input.kind == InputKind::kPixels ? "pixels" : "codes";
  }
  for (const TensorIndex output : model.outputs) {
    json["outputs"].push_back(to_json(tensor(model, output)));
  }
  for (const IntOp& op : model.ops) json["layers"].push_back(to_json(model, op));
  return json;
}

std::string integers_text(const IntegerFile& file) {
  const IntModel& model = file.model;
  std::string text;
  for (const IntInput& input : model.inputs) {
    const IntTensor& of = tensor(model, input.tensor);
    text += fmt::format("takes    {} {} {}\n", readable(of.name), shape(of),
                        input.kind == InputKind::kPixels ? "pixels" : "codes");
  }
  for (const TensorIndex output : model.outputs) {
    const IntTensor& of = tensor(model, output);
    text += fmt::format("answers  {} {} of {} bits\n", readable(of.name), shape(of), of.bits);
  }
  text += fmt::format("folded   {}, rounding {}\n", name(file.provenance.options.fold),
                      name(file.provenance.options.rounding));
  text += fmt::format("memory   {} bytes of weights, {} bytes for a run\n\n", weight_bytes(model),
                      model.memory.arena_bytes);
  Table table({"layer", "op", "output", "bits", "w bits", "requantization", "accumulator"});
  for (const IntOp& op : model.ops) {
    const IntTensor& output = tensor(model, op.output);
    const Requantization* to = requantization(op);
    const auto* conv = std::get_if<IntConv>(&op.kind);
    table.add(
        {op.layer, std::string(kind_of(op)), shape(output), std::to_string(output.bits),
         conv == nullptr ? "-" : std::to_string(conv->weights.bits),
         to == nullptr ? "-" : std::string(kRoundings[static_cast<std::size_t>(to->rounding)]),
         conv == nullptr ? "-" : std::to_string(largest_bound(model, *conv, op))});
  }
  return text + table.text();
}

}  // namespace quern::cli
