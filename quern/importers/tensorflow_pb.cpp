#include "quern/importers/tensorflow_pb.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <limits>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/importers/background.h"
#include "quern/importers/tensorflow.pb.h"
#include "quern/importers/tensorflow/ops.h"
#include "quern/importers/tensorflow/translation.h"
#include "quern/importers/tensorflow/wiring.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::string_view kHowToFreeze =
    "freeze it first: convert_variables_to_constants_v2 turns its variables into constants and "
    "write_graph makes a .pb file";

bool is_saved_model(std::span<const std::byte> bytes) {
  tensorflow::SavedModel model;
  return model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         model.saved_model_schema_version() > 0 && model.meta_graphs_size() > 0;
}

const tensorflow::GraphDef& parse(std::span<const std::byte> bytes,
                                  google::protobuf::Arena& arena) {
  constexpr std::size_t kMostBytes = std::numeric_limits<int>::max();
  if (bytes.size() > kMostBytes) {
    fail(ErrorCode::kUnsupported, "the file has {} bytes (at most {})", bytes.size(), kMostBytes);
  }
  if (bytes.empty()) fail(ErrorCode::kParse, "not a frozen TensorFlow graph: the file is empty");
  auto* graph = google::protobuf::Arena::CreateMessage<tensorflow::GraphDef>(&arena);
  const bool is_graph =
      graph->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && graph->node_size() > 0;
  if (is_graph) return *graph;
  if (is_saved_model(bytes)) {
    fail(ErrorCode::kUnsupported, "it is a SavedModel; {}", kHowToFreeze);
  }
  fail(ErrorCode::kParse,
       "not a frozen TensorFlow graph: its {} bytes are damaged, cut off or of another format",
       bytes.size());
}

/// Translates node by node. A node that can not be translated stops only those that read it.
void translate_nodes(tensorflow::Translation& all, const std::vector<int>& outputs) {
  for (const int index : all.wiring.in_order(outputs)) {
    try {
      tensorflow::NodeTranslation node(all, index);
      tensorflow::translate(node);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInternal) throw;
      all.failures[static_cast<std::size_t>(index)] = error;
    }
  }
}

/// Every result of a node that nobody reads, under its name in the file.
void add_outputs(tensorflow::Translation& all, int index) {
  const auto position = static_cast<std::size_t>(index);
  if (all.failures[position]) throw *all.failures[position];
  tensorflow::NodeTranslation node(all, index);
  for (std::size_t port = 0; port < all.results[position].size(); ++port) {
    const std::string name = port == 0 ? node.name() : fmt::format("{}:{}", node.name(), port);
    ValueId value = node.value(all.results[position][port]);
    const bool is_free = !all.graph.is_output(value) && all.graph.producer(value) != nullptr;
    if (!is_free || all.graph.value(value).name != name) {
      value = node.value(node.emit("Identity", {value}));
    }
    all.graph.add_output(value);
  }
}

Graph import_bytes(std::span<const std::byte> bytes, const std::string& name,
                   ImportReport& report) {
  google::protobuf::Arena arena;
  const tensorflow::Wiring wiring(parse(bytes, arena));
  const std::vector<int> outputs = tensorflow::find_outputs(wiring, report);
  tensorflow::Translation all{wiring, report, {}, {}, {}, {}};
  all.results.resize(static_cast<std::size_t>(wiring.size()));
  all.failures.resize(static_cast<std::size_t>(wiring.size()));
  translate_nodes(all, outputs);
  for (const int output : outputs) add_outputs(all, output);
  Graph& graph = all.graph;
  graph.name = std::filesystem::path(name).stem().string();
  graph.erase_dead();
  infer_shapes(graph);
  verify(graph);
  if (recognize_background(graph)) {
    report.warnings.push_back(fmt::format(
        "'{}' has 1001 classes: the first is taken for TensorFlow's background, so that "
        "label 0 is output 1",
        graph.value(graph.outputs()[0]).name));
  }
  return graph.compacted();
}

}  // namespace

Graph import_tensorflow(const std::filesystem::path& path, ImportReport* report) {
  return import_tensorflow(read_file(path), path.string(), report);
}

Graph import_tensorflow(std::span<const std::byte> bytes, const std::string& name,
                        ImportReport* report) {
  ImportReport ignored;
  return with_context(
      name, [&] { return import_bytes(bytes, name, report != nullptr ? *report : ignored); });
}

void refuse_unfrozen(const std::filesystem::path& path) {
  const std::string file = path.filename().string();
  const std::string extension = path.extension().string();
  const bool is_shard = extension.starts_with(".data-");
  const bool is_checkpoint = extension == ".ckpt" || extension == ".index" || is_shard ||
                             extension == ".meta" || file.find(".ckpt-") != std::string::npos;
  if (is_checkpoint) {
    fail(ErrorCode::kUnsupported,
         "'{}' is part of a TensorFlow checkpoint, which holds variables without their network; "
         "build the network, restore the checkpoint and freeze both: docs/from_tensorflow.md has "
         "the lines",
         path.string());
  }
  if (extension == ".keras" || extension == ".h5" || extension == ".hdf5") {
    fail(ErrorCode::kUnsupported, "'{}' is a Keras file; load it with Keras and {}", path.string(),
         kHowToFreeze);
  }
  std::error_code error;
  if (std::filesystem::exists(path / "saved_model.pb", error)) {
    fail(ErrorCode::kUnsupported, "'{}' is a SavedModel; {}", path.string(), kHowToFreeze);
  }
}

}  // namespace quern
