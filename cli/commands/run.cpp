#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "cli/commands.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/log.h"
#include "quern/base/readable.h"
#include "quern/executor/plan.h"
#include "quern/pipeline/dump.h"
#include "quern/pipeline/dump_integers.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/ready_inputs.h"
#include "quern/tensor/npz.h"

namespace quern::cli {
namespace {

struct RunCommand {
  Recipe recipe;
  std::vector<std::string> images;
  std::string data;
  std::string names;
  std::string dump;
  std::string output;
  int top = 5;
  bool json = false;
};

struct Prediction {
  std::string name;
  std::size_t index = 0;
  double probability = 0;
};

/// The names of the outputs: their numbers, or the file's lines. A line names an output where there
/// are as many, and otherwise a label, which output `label_offset` stands for when it is 0.
std::vector<std::string> output_names(const std::string& path, std::size_t outputs,
                                      std::int64_t label_offset) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs; ++i) names.push_back(std::to_string(i));
  if (path.empty()) return names;
  std::vector<std::string> lines;
  std::istringstream text(read_text(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  const std::int64_t offset = lines.size() == outputs ? 0 : label_offset;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::int64_t output = static_cast<std::int64_t>(i) + offset;
    if (output >= 0 && output < std::ssize(names)) {
      names[static_cast<std::size_t>(output)] = lines[i];
    }
  }
  return names;
}

/// The classes of largest score. @param scores  Logits, of which the softmax is taken, or
/// probabilities.
std::vector<Prediction> predict(std::span<const float> scores, bool are_probabilities,
                                const std::vector<std::string>& names, int top) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return scores[a] > scores[b]; });
  const double largest = scores[order[0]];
  double sum = 0;
  for (const float score : scores) sum += std::exp(score - largest);
  order.resize(std::min(order.size(), static_cast<std::size_t>(top)));
  std::vector<Prediction> predictions;
  for (const std::size_t index : order) {
    const double score = scores[index];
    predictions.push_back(
        {names[index], index, are_probabilities ? score : std::exp(score - largest) / sum});
  }
  return predictions;
}

std::vector<Sample> samples_of_run(const RunCommand& options) {
  if (!options.data.empty()) return samples_of(options.recipe.data, from_here(options.data));
  std::vector<Sample> samples;
  for (const std::string& image : options.images) samples.push_back({.path = image});
  return samples;
}

/// What went through a network: the name and the numbers of each sample.
struct Results {
  std::vector<std::string> samples;
  std::map<std::string, Tensor> arrays;
};

Results results_of(Dump numbers, const std::vector<Sample>& samples) {
  for (const std::string& skipped : numbers.skipped) log_warning("left out: {}", skipped);
  Results results{.samples = {}, .arrays = std::move(numbers.arrays)};
  for (const std::size_t position : numbers.samples) {
    results.samples.push_back(samples.at(position).path.string());
  }
  return results;
}

/// The results of an integer network; `graph` is its input.
Results results_of(const RunCommand& options, IntModel model, const Graph& graph, DumpKind kind) {
  require(!options.data.ends_with(".npz"),
          "an integer network takes pictures, not the floats of {}: give a list or IMAGE…",
          options.data);
  const LoaderOptions loader =
      loader_options(options.recipe, resolve(options.recipe.data.preprocess, graph));
  const IntegerNetwork network(std::move(model), loader.preprocessing);
  const std::vector<Sample> samples = samples_of_run(options);
  return results_of(dump_integers(network, samples, loader, kind), samples);
}

Results results_of(const RunCommand& options, Graph graph, DumpKind kind) {
  Results results;
  if (options.data.ends_with(".npz")) {
    const std::vector<Tensor> inputs = read_inputs(options.data, graph);
    for (std::int64_t i = 0; i < inputs.at(0).shape()[0]; ++i) {
      results.samples.push_back(fmt::format("{}[{}]", options.data, i));
    }
    results.arrays = dump(graph, inputs, LoaderOptions().batch_size, kind);
    return results;
  }
  const LoaderOptions loader =
      loader_options(options.recipe, resolve(options.recipe.data.preprocess, graph));
  fix_picture_size(graph, loader.preprocessing.crop);
  const std::vector<Sample> samples = samples_of_run(options);
  return results_of(dump(graph, samples, loader, kind), samples);
}

void print(const RunCommand& options, const Graph& graph, const std::vector<std::string>& samples,
           const Tensor& scores) {
  const bool are_probabilities = !graph.outputs().empty() && gives_probabilities(graph);
  const auto classes = static_cast<std::size_t>(scores.shape().at(1));
  const std::vector<std::string> names = output_names(
      options.names, classes, options.recipe.data.label_offset.value_or(graph.label_offset));
  nlohmann::json json = nlohmann::json::array();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto predictions = predict(scores.data<float>().subspan(i * classes, classes),
                                     are_probabilities, names, options.top);
    nlohmann::json& entry = json.emplace_back(nlohmann::json{{"image", samples[i]}});
    if (!options.json) std::cout << samples[i] << '\n';
    for (const Prediction& prediction : predictions) {
      entry["predictions"].push_back({{"class", prediction.index},
                                      {"name", prediction.name},
                                      {"probability", prediction.probability}});
      if (options.json) continue;
      std::cout << fmt::format("  {:5.1f} %  {}\n", 100 * prediction.probability,
                               readable(prediction.name, kLongestCell));
    }
  }
  if (options.json) std::cout << json.dump(2) << '\n';
}

void run(const RunCommand& options) {
  require(options.dump.empty() == options.output.empty(),
          "--dump KIND and -o FILE.npz belong together; {} is missing",
          options.dump.empty() ? "--dump" : "-o");
  const DumpKind kind = dump_kind_from(options.dump.empty() ? "logits" : options.dump);
  require(!options.data.empty() || !options.images.empty(),
          "no picture to run on: give IMAGE…, or a list by --data");
  require(options.data.empty() || options.images.empty(),
          "pictures are given twice, as IMAGE… and by --data; expected one of them");
  check_zoo_options(options.recipe, {options.recipe.model.source});
  const bool is_integer = is_integer_network(options.recipe.model.source);
  IntegerFile file = is_integer ? load_integers(options.recipe.model.source) : IntegerFile();
  const Graph graph =
      is_integer ? std::move(file.input) : load(options.recipe, options.recipe.model.source);
  if (options.output.empty() && !is_integer) check_is_logits(graph);
  const auto [samples, arrays] = is_integer
                                     ? results_of(options, std::move(file.model), graph, kind)
                                     : results_of(options, graph, kind);
  if (!options.output.empty()) {
    write_npz(options.output, arrays);
    std::cout << fmt::format("wrote {}: {} arrays of {} images\n", options.output, arrays.size(),
                             samples.size());
    return;
  }
  const std::string& output =
      is_integer ? file.provenance.outputs.at(0) : graph.value(graph.outputs().at(0)).name;
  const Tensor& logits = arrays.at(output);
  if (logits.rank() != 2 || logits.dtype() != DType::kFloat32 || logits.shape()[1] == 0) {
    fail(ErrorCode::kUnsupported, "the output '{}' is {} {}, expected float32 logits [N, classes]",
         output, name(logits.dtype()), to_string(logits.shape()));
  }
  if (!std::ranges::all_of(logits.data<float>(), [](float x) { return std::isfinite(x); })) {
    fail(ErrorCode::kParse, "the output '{}' is not finite", output);
  }
  print(options, graph, samples, logits);
}

}  // namespace

void add_run(CLI::App& command) {
  const auto options = std::make_shared<RunCommand>();
  add_model_options(command, options->recipe);
  command.add_option("images", options->images, "JPEG or PNG files")->type_name("IMAGE");
  command
      .add_option("--data", options->data,
                  "Instead: a list or a folder of pictures, or an .npz file of inputs that are "
                  "ready for the network, by name")
      ->type_name("LIST|FOLDER|FILE");
  command
      .add_option("--names", options->names,
                  "A text file with the name of a class per line, label 0 first")
      ->type_name("FILE");
  command.add_option("--top", options->top, "Predictions shown per picture")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option("--dump", options->dump,
                  "Write numbers instead: logits; codes: also inputs and the codes of every "
                  "quantizer; all: also what every layer computes")
      ->check(CLI::IsMember({"logits", "codes", "all"}));
  command.add_option("-o,--output", options->output, "The .npz file of --dump")->type_name("FILE");
  add_data_options(command, options->recipe);
  add_threads_option(command, options->recipe);
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
