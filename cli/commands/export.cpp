#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "cli/commands.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "quern/analysis/targets.h"
#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/data/image_list.h"
#include "quern/data/loader.h"
#include "quern/exporters/c_code.h"
#include "quern/exporters/qonnx.h"
#include "quern/passes/passes.h"

namespace quern::cli {
namespace {

struct ExportCommand {
  Recipe recipe;
  std::string target;
  std::string output;
  std::optional<std::int64_t> batch;
  std::optional<std::string> prefix;
  std::string data;
};

/// DIR/model.onnx, or the file itself where -o names one.
std::filesystem::path output_file(const std::string& output) {
  const std::filesystem::path path = output;
  return path.extension() == ".onnx" ? path : path / "model.onnx";
}

/// Says where the batch asked for is not the one that the file will have.
void note_fixed_batches(const Graph& graph, std::int64_t wanted) {
  for (const ValueId id : graph.inputs()) {
    const Value& input = graph.value(id);
    if (!input.dims || input.dims->empty()) continue;
    const Dim& batch = input.dims->front();
    if (!batch.is_fixed() || batch.size == wanted) continue;
    log_warning("the batch of input '{}' is {} in the model and stays so", input.name, batch.size);
  }
}

/// The first findings: a float network has two for every layer, and `quern info` lists them.
void warn(const std::vector<Finding>& findings, const std::string& model) {
  constexpr std::size_t kShown = 3;
  for (const Finding& finding : std::span(findings).first(std::min(kShown, findings.size()))) {
    log_warning("FINN: layer '{}': {}", finding.layer, finding.message);
  }
  if (findings.size() > kShown) {
    log_warning("FINN: {} more; `quern info {} --target finn` lists them", findings.size() - kShown,
                model);
  }
}

/// What `--to` promises: plain ONNX, or what FINN reads.
void prepare(Graph& graph, const ExportCommand& options) {
  const std::string& model = options.recipe.model.source;
  if (options.target == "onnx") {
    require(graph.quantizers().empty(), "{} is quantized; '--to qonnx' writes its quantizers",
            model);
    return;
  }
  split_shared_weights(graph);
  warn(lint_finn(graph), model);
}

/// The first picture of a list as the network's only input takes it.
std::vector<std::uint8_t> photo(const IntegerFile& file, const ExportCommand& options) {
  const std::vector<IntInput>& inputs = file.model.inputs;
  require(inputs.size() == 1 && inputs[0].kind == InputKind::kPixels,
          "--data names pictures, and {} takes codes", options.recipe.model.source);
  std::vector<std::uint8_t> pixels;
  const DataRecipe& data = options.recipe.data;
  const LoaderOptions loader{.preprocessing = resolve(data.preprocess, file.input), .threads = 1};
  const std::vector<Sample> samples =
      data.root.empty() ? read_samples(options.data) : read_samples(options.data, data.root);
  for_each_batch({samples.front()}, loader, [&](int, const Batch& batch) {
    const auto found = batch.pixels.data<std::uint8_t>();
    pixels.assign(found.begin(), found.end());
  });
  for (std::size_t i = 0; inputs[0].bgr && i < pixels.size(); i += 3) {
    std::swap(pixels[i], pixels[i + 2]);
  }
  return pixels;
}

void run_c(const ExportCommand& options) {
  const std::string& source = options.recipe.model.source;
  require(is_integer_network(source),
          "'--to c' takes a network of integers, and {} is none; `quern lower` writes one", source);
  require(!options.batch, "--batch is of '--to onnx' and '--to qonnx': C computes one sample");
  const IntegerFile file = load_integers(source);
  const IntModel& model = file.model;
  CCodeOptions code;
  if (options.prefix) code.prefix = *options.prefix;
  if (!options.data.empty()) code.golden = {photo(file, options)};
  export_c(model, options.output, code);
  std::cout << fmt::format("wrote {}: {} bytes of memory for a run\n", options.output,
                           model.memory.arena_bytes);
}

void run(const ExportCommand& options) {
  check_zoo_options(options.recipe, {options.recipe.model.source});
  if (options.target == "c") return run_c(options);
  require(!options.prefix, "--prefix is of '--to c', and this is '--to {}'", options.target);
  require(options.data.empty(), "--data is of '--to c', and this is '--to {}'", options.target);
  const std::int64_t batch = options.batch.value_or(1);
  Graph graph = load(options.recipe, options.recipe.model.source);
  prepare(graph, options);
  note_fixed_batches(graph, batch);
  const std::filesystem::path path = output_file(options.output);
  export_qonnx(graph, path, {.batch = batch});
  std::cout << "wrote " << path.string() << '\n';
}

}  // namespace

void add_export(CLI::App& command) {
  const auto options = std::make_shared<ExportCommand>();
  add_model_options(command, options->recipe);
  command
      .add_option(
          "--to", options->target,
          "onnx: a float network; qonnx: for FINN, and for quern itself; c: a .quern file as "
          "C99, with a self-test")
      ->required()
      ->check(CLI::IsMember({"onnx", "qonnx", "c"}));
  command
      .add_option("-o,--output", options->output,
                  "A folder (model.onnx or model.c in it), or an .onnx file")
      ->required()
      ->check(not_empty())
      ->type_name("FOLDER|FILE");
  command
      .add_option("--batch", options->batch,
                  "Of ONNX, written where the batch is free; 0 keeps it free (default: 1)")
      ->check(at_least(0));
  command
      .add_option("--prefix", options->prefix,
                  "What names in C begin with, so that several networks fit into one program "
                  "(default: model)")
      ->type_name("NAME");
  command
      .add_option("--data", options->data,
                  "A list or folder whose first picture the self-test of C computes (default: "
                  "random numbers)")
      ->type_name("LIST|FOLDER");
  add_picture_options(command, options->recipe);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
