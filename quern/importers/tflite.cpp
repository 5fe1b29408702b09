#include "quern/importers/tflite.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/nearest.h"
#include "quern/graph/default_resize.h"
#include "quern/importers/background.h"
#include "quern/importers/tflite/blocks.h"
#include "quern/importers/tflite/ops.h"
#include "quern/importers/tflite/tensors.h"
#include "quern/importers/tflite/values.h"
#include "quern/ops/op_def.h"
#include "tflite_generated.h"

namespace quern {
namespace {

/// The entry of an operator's op. @throws Error(kUnsupported) naming its layer.
const TfliteOpDef& known_op(const TfliteModel& model, const TfliteOperator& table) {
  if (table.outputs.empty()) {
    fail(ErrorCode::kParse, "an operator {} has no output", tflite_name(table.op));
  }
  if (const TfliteOpDef* def = find_tflite_op(table.op)) return *def;
  const std::string layer =
      short_name(model.tensors.at(static_cast<std::size_t>(table.outputs[0])).name);
  if (table.op == tflite::BuiltinOperator::CUSTOM) {
    fail(ErrorCode::kUnsupported,
         "layer '{}': '{}' is an op of its own (supported: ops that are built into TFLite)", layer,
         table.custom);
  }
  fail(ErrorCode::kUnsupported, "layer '{}': the op {} is not read{}", layer, tflite_name(table.op),
       nearest_hint(tflite_name(table.op), nearest_tflite_op(table.op)));
}

/// Before any is read: the tensors that TFLite wants on one grid share a quantizer.
void share_grids(const TfliteModel& model, TfliteValues& values) {
  for (const TfliteOperator& table : model.operators) {
    if (known_op(model, table).form.grid == GridRule::kOwn) continue;
    for (const int input : table.inputs) {
      for (const int output : table.outputs) {
        if (input >= 0) values.share_grid(input, output);
      }
    }
  }
}

/// Layers with weights in codes between activations that are real.
void warn_of_hybrids(const TfliteModel& model, ImportReport& report) {
  const auto tensor = [&](int position) -> const TfliteTensor& {
    return model.tensors.at(static_cast<std::size_t>(position));
  };
  std::string first;
  int count = 0;
  for (const TfliteOperator& table : model.operators) {
    const bool has_weight = known_op(model, table).form.has_weight && table.inputs.size() > 1 &&
                            table.inputs[1] >= 0 && code_spec(tensor(table.inputs[1]).type);
    const TfliteTensor& output = tensor(table.outputs[0]);
    if (!has_weight || code_spec(output.type)) continue;
    if (count++ == 0) first = short_name(output.name);
  }
  if (count == 0) return;
  report.warnings.push_back(fmt::format(
      "{} layer{} (the first computes '{}') read real numbers and have weights in codes: TFLite "
      "quantizes the numbers as it runs, quern leaves them as they are",
      count, count == 1 ? "" : "s", first));
}

void add_outputs(const TfliteModel& model, TfliteValues& values, Graph& graph) {
  for (const int output : model.outputs) {
    const std::string& name = values.tensor(output).name;
    const ValueId value = values.value(output);
    if (graph.value(value).name == name && graph.producer(value) != nullptr) {
      graph.add_output(value);
      continue;
    }
    // Another name of a tensor, which canonicalize makes the only one.
    const ValueId renamed = graph.add_value(name);
    Node node;
    node.layer = short_name(name) + ".Identity";
    node.op = "Identity";
    node.inputs = {value};
    node.outputs = {renamed};
    graph.add_node(std::move(node));
    graph.add_output(renamed);
  }
}

Graph translated(TfliteModel& model) {
  Graph graph;
  graph.name = model.name;
  TfliteValues values(model, graph);
  share_grids(model, values);
  for (const int input : model.inputs) values.add_input(input);
  for (const TfliteOperator& table : model.operators) {
    const TfliteOpDef& def = known_op(model, table);
    TfliteOp op(table, def.form, graph, values);
    with_context(fmt::format("layer '{}' ({})", op.layer(), tflite_name(table.op)),
                 [&] { def.translate(op); });
  }
  add_outputs(model, values, graph);
  return graph;
}

/// How pictures become the real values that a quantized input was made for, as far as the range of
/// its grid tells.
std::optional<Preprocessing> preprocessing_of(const Graph& graph) {
  /// What converters are given: pixels as they are, or scaled to one of two intervals.
  struct Convention {
    double low, high;
    double scale, mean, std;
  };
  constexpr Convention kConventions[] = {
      {0, 255, 1, 0, 1}, {0, 1, 1.0 / 255, 0, 1}, {-1, 1, 1.0 / 255, 0.5, 0.5}};
  /// Of the interval: calibration sees some pictures only, so a grid may end a little inside.
  constexpr double kTolerance = 0.02;

  if (graph.inputs().size() != 1) return std::nullopt;
  const ValueId input = graph.inputs()[0];
  const std::optional<Dims>& dims = graph.value(input).dims;
  const bool is_picture = dims && dims->size() == 4 && (*dims)[1].is_fixed() &&
                          (*dims)[1] == (*dims)[2] && (*dims)[3].size == 3;
  const std::vector<Graph::Use> uses = graph.uses(input);
  if (!is_picture || uses.size() != 1) return std::nullopt;
  const Node& reader = graph.node(uses[0].node);
  if (reader.op != "Quant") return std::nullopt;

  const QuantSpec& spec = graph.quantizer(reader.quantizer).spec;
  const QuantParams params = graph.params(reader.quantizer);
  const double low = static_cast<double>(spec.qmin() - params.zero_point[0]) * params.scale[0];
  const double high = static_cast<double>(spec.qmax() - params.zero_point[0]) * params.scale[0];
  for (const Convention& known : kConventions) {
    const double tolerance = kTolerance * (known.high - known.low);
    if (std::abs(low - known.low) > tolerance || std::abs(high - known.high) > tolerance) continue;
    Preprocessing how;
    how.crop = static_cast<int>((*dims)[1].size);
    how.resize = default_resize(how.crop);
    how.scale = known.scale;
    how.mean = {known.mean, known.mean, known.mean};
    how.std = {known.std, known.std, known.std};
    return how;
  }
  return std::nullopt;
}

Graph import_model(std::span<const std::byte> bytes, ImportReport& report) {
  TfliteModel model = read_tflite_model(bytes);
  join_blocks(model);
  Graph graph = translated(model);
  warn_of_hybrids(model, report);
  infer_shapes(graph);
  graph.preprocessing = preprocessing_of(graph);
  if (recognize_background(graph)) {
    report.warnings.push_back(fmt::format(
        "output '{}' has 1001 classes: output 0 is taken for \"background\" and output 1 "
        "for label 0",
        graph.value(graph.outputs()[0]).name));
  }
  verify(graph);
  return graph.compacted();
}

}  // namespace

Graph import_tflite(const std::filesystem::path& path, ImportReport* report) {
  return import_tflite(read_file(path), path.string(), report);
}

Graph import_tflite(std::span<const std::byte> bytes, const std::string& name,
                    ImportReport* report) {
  // FlatBuffers are read in place, so they have to lie as they were written.
  std::vector<std::byte> aligned;
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::max_align_t) != 0) {
    aligned.assign(bytes.begin(), bytes.end());
    bytes = aligned;
  }
  ImportReport ignored;
  return with_context(name,
                      [&] { return import_model(bytes, report != nullptr ? *report : ignored); });
}

}  // namespace quern
