#include "quern/importers/onnx.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "onnx/onnx.pb.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/importers/onnx/functions.h"
#include "quern/importers/onnx/graph.h"
#include "quern/importers/onnx/layers.h"
#include "quern/importers/onnx/metadata.h"
#include "quern/importers/onnx/qdq.h"
#include "quern/importers/onnx/quant.h"
#include "quern/importers/onnx/upgrade.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// Oldest version of the file format that is read.
constexpr std::int64_t kOldestIr = 3;

onnx::ModelProto parse(std::span<const std::byte> bytes) {
  constexpr std::size_t kMostBytes = std::numeric_limits<int>::max();
  if (bytes.size() > kMostBytes) {
    fail(ErrorCode::kUnsupported,
         "the file has {} bytes (at most {}; keep large weights as external data)", bytes.size(),
         kMostBytes);
  }
  onnx::ModelProto model;
  if (bytes.empty()) fail(ErrorCode::kParse, "not an ONNX model: the file is empty");
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    fail(ErrorCode::kParse,
         "not an ONNX model: its {} bytes are damaged, cut off or of another format", bytes.size());
  }
  if (!model.has_graph()) fail(ErrorCode::kParse, "not an ONNX model: it holds no graph");
  if (model.ir_version() < kOldestIr) {
    fail(ErrorCode::kUnsupported, "it has IR version {} (supported: {} and newer)",
         model.ir_version(), kOldestIr);
  }
  return model;
}

/// The version of ONNX's own operators that the file uses.
std::int64_t opset_of(const onnx::ModelProto& model, ImportReport& report) {
  std::optional<std::int64_t> opset;
  for (const auto& import : model.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  }
  if (!opset) fail(ErrorCode::kParse, "it names no version of ONNX's operator set");
  if (*opset < kOldestOpset) {
    fail(ErrorCode::kUnsupported, "it uses operator set {} (supported: {} and newer)", *opset,
         kOldestOpset);
  }
  if (*opset > kNewestOpset) {
    report.warnings.push_back(
        fmt::format("operator set {} is newer than {}, the newest that quern knows; it is read as "
                    "that one",
                    *opset, kNewestOpset));
  }
  return *opset;
}

/// The file's description by quern; none if another tool wrote it.
std::optional<FileMetadata> description_of(const onnx::ModelProto& model) {
  std::optional<FileMetadata> description;
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != kMetadataKey) continue;
    description =
        with_context("its quern metadata", [&] { return file_metadata_from(entry.value()); });
  }
  return description;
}

std::map<std::string, std::string> metadata_of(const onnx::ModelProto& model) {
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != kMetadataKey) metadata[entry.key()] = entry.value();
  }
  return metadata;
}

/// Layers of a file that quern wrote are its nodes' names.
std::vector<std::string> node_names(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.node()) names.push_back(node.name());
  return names;
}

/// Frees the extents that were fixed only for the file, unless they were changed since.
void restore_free_extents(Graph& graph, const FileMetadata& metadata) {
  for (const FreeExtent& extent : metadata.free_extents) {
    for (const ValueId id : graph.inputs()) {
      const Value& input = graph.value(id);
      if (input.name != extent.input || !input.dims) continue;
      Dims dims = *input.dims;
      if (extent.axis < 0 || extent.axis >= std::ssize(dims)) continue;
      Dim& dim = dims[static_cast<std::size_t>(extent.axis)];
      if (dim.size != extent.written) continue;
      dim = {-1, extent.symbol};
      graph.set_type(id, input.dtype, dims);
    }
  }
}

/// Refuses a variance that no batch can have.
void check_variance(const std::string& layer, const std::vector<float>& variance) {
  // Not `value < 0`, so that NaN is caught too.
  const auto bad = std::ranges::find_if(variance, [](float value) { return !(value >= 0); });
  if (bad == variance.end()) return;
  fail(ErrorCode::kParse, "layer '{}': the variance of channel {} is {}, expected 0 or more", layer,
       bad - variance.begin(), *bad);
}

/// Refuses variances that no batch can have; warns, once for the whole file, of those that blow
/// channels up.
void check_variances(const Graph& graph, ImportReport& report) {
  constexpr float kSmallest = 1e-10F;
  std::int64_t channels = 0;
  int layers = 0;
  float smallest = kSmallest;
  std::string smallest_layer;
  for (const NodeId id : graph.nodes_of("BatchNormalization")) {
    const Node& node = graph.node(id);
    const Tensor* variance =
        node.inputs.size() > 4 ? graph.constant_behind(node.inputs[4]) : nullptr;
    if (variance == nullptr || variance->size() == 0) continue;
    const std::vector<float> values = to_vector<float>(*variance);
    check_variance(node.layer, values);
    const auto tiny = std::ranges::count_if(values, [](float value) { return value < kSmallest; });
    channels += tiny;
    layers += tiny > 0 ? 1 : 0;
    const float least = std::ranges::min(values);
    if (least >= smallest) continue;
    smallest = least;
    smallest_layer = node.layer;
  }
  if (channels == 0) return;
  report.warnings.push_back(fmt::format(
      "{} channel{} of {} batch norm{} have a variance below {} (the smallest is {:.3g}, "
      "in '{}'): they were constant in training",
      channels, channels == 1 ? "" : "s", layers, layers == 1 ? "" : "s", kSmallest, smallest,
      smallest_layer));
}

Graph import_model(std::span<const std::byte> bytes, const std::filesystem::path& folder,
                   ImportReport& report) {
  onnx::ModelProto model = parse(bytes);
  std::vector<std::int64_t> opsets = inline_functions(model, opset_of(model, report));
  const std::optional<FileMetadata> description = description_of(model);
  std::vector<std::string> layers =
      description ? node_names(model.graph()) : layer_names(model.graph());
  auto [graph, graph_opsets, narrow_constants] =
      read_graph(model.graph(), {folder, std::move(layers), std::move(opsets)});
  graph.metadata = metadata_of(model);
  if (description) {
    graph.name = description->graph_name;
    graph.preprocessing = description->preprocessing;
    graph.label_offset = description->label_offset;
    restore_free_extents(graph, *description);
  }
  std::vector<QuantForm> quants = detach_quants(graph);
  const std::vector<QuantForm> pairs = detach_quantize_pairs(graph, narrow_constants);
  quants.insert(quants.end(), pairs.begin(), pairs.end());
  upgrade(graph, graph_opsets);
  check_variances(graph, report);
  std::ranges::copy(attach_quants(graph, quants, description.value_or(FileMetadata())),
                    std::back_inserter(report.warnings));
  derive_biases(graph, pairs);
  verify(graph);
  return graph.compacted();
}

}  // namespace

Graph import_onnx(const std::filesystem::path& path, ImportReport* report) {
  const std::vector<std::byte> bytes = read_file(path);
  ImportReport ignored;
  std::filesystem::path folder = path.parent_path();
  if (folder.empty()) folder = ".";
  return with_context(path.string(), [&] {
    return import_model(bytes, folder, report != nullptr ? *report : ignored);
  });
}

Graph import_onnx(std::span<const std::byte> bytes, const std::string& name, ImportReport* report) {
  ImportReport ignored;
  return with_context(
      name, [&] { return import_model(bytes, {}, report != nullptr ? *report : ignored); });
}

}  // namespace quern
