#include "quern/weights/import_weights.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/exporters/qonnx.h"
#include "quern/zoo/zoo.h"

namespace quern::cli {
namespace {

struct ImportWeightsCommand {
  std::string file;
  std::string output;
  ImportWeightsOptions options;
};

std::string summary(const ImportWeightsCommand& command, const ImportedWeights& imported) {
  const Graph& graph = imported.graph;
  const std::string how = imported.names.empty() ? "in order of execution"
                                                 : fmt::format("by {}'s names", imported.names);
  const std::string folded = imported.folded == 0
                                 ? ""
                                 : fmt::format(
                                       "; {} batch norms are folded in the file, so they became "
                                       "biases",
                                       imported.folded);
  const Dims& input = *graph.value(graph.inputs()[0]).dims;
  const Dims& output = *graph.value(graph.outputs()[0]).dims;
  return fmt::format(
      "filled {} layers and {} batch norms {}{}\nzoo:{}, width {}, input {}x{}, {} classes, label "
      "offset {}\n"
      "wrote {}\n",
      imported.layers, imported.batchnorms, how, folded, command.options.network, imported.width,
      input[2].size, input[3].size, output.back().size, graph.label_offset, command.output);
}

void run(const ImportWeightsCommand& command) {
  const ImportedWeights imported = import_weights(command.file, command.options);
  for (const std::string& note : imported.notes) log_info("{}", note);
  // The batch stays free: nothing that reads a float network needs another.
  export_qonnx(imported.graph, command.output, {.batch = 0});
  std::cout << summary(command, imported);
}

}  // namespace

void add_import_weights(CLI::App& command) {
  const auto options = std::make_shared<ImportWeightsCommand>();
  ImportWeightsOptions& choices = options->options;
  command
      .add_option(
          "file", options->file,
          ".npz or .safetensors with the names of torchvision, timm, Keras or TF-slim, or a "
          "file with a network")
      ->required()
      ->type_name("FILE");
  command
      .add_option_function<std::string>(
          "--into",
          [&choices](const std::string& name) { choices.network = zoo_name(name).value_or(name); },
          "The built-in network")
      ->required()
      ->type_name("zoo:NAME");
  command.add_option("-o,--output", options->output, "The float network")
      ->required()
      ->check(onnx_file())
      ->type_name("FILE.onnx");
  command.add_option("--width", choices.width,
                     "Multiplies the channels (default: found from the file's shapes)");
  command.add_option("--input", choices.input, "Side of the input (default: the network's own)")
      ->type_name("PIXELS");
  command.add_option("--classes", choices.classes, "Check that the file has so many outputs");
  command.add_flag("--drop-background", choices.drop_background,
                   "Leave out output 0, TensorFlow's background, of a file with one class more");
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
