#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/report.h"
#include "quern/base/log.h"
#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/integer_network.h"
#include "quern/evaluate/multi_label.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/read_data.h"

namespace quern::cli {
namespace {

struct EvaluateCommand {
  Recipe recipe;
  std::string data;
  std::string split = "test";
  std::string reference;
  bool json = false;
};

/// What --data names, or the split of --data-kind.
LabelledSet read(const EvaluateCommand& options) {
  const DataRecipe& data = options.recipe.data;
  require(options.data.empty() != data.kind.empty(),
          "expected either --data, a list or a folder, or --data-kind with --root");
  const LabelledSet set =
      read_data(data, data.kind.empty() ? from_here(options.data) : options.split);
  for (const std::string& note : set.notes) log_info("{}", note);
  return set;
}

template <class Figures>
void print(const EvaluateCommand& options, const Figures& figures) {
  if (options.json) {
    std::cout << to_json(figures).dump(2) << '\n';
  } else {
    std::cout << to_text(figures);
  }
}

/// What an integer network answers.
void run_integers(const EvaluateCommand& options) {
  const Recipe& recipe = options.recipe;
  IntegerFile file = load_integers(recipe.model.source);
  const LoaderOptions loader = loader_options(recipe, resolve(recipe.data.preprocess, file.input));
  const IntegerNetwork network(std::move(file.model), loader.preprocessing);
  std::unique_ptr<Predictor> reference;
  if (!options.reference.empty()) {
    Graph graph = load(recipe, options.reference);
    fix_picture_size(graph, loader.preprocessing.crop);
    reference = predictor(graph);
  }
  const LabelledSet set = read(options);
  if (set.is_multi_label()) {
    print(options, evaluate_multi_label(network, set, loader, reference.get()));
    return;
  }
  const std::int64_t offset = recipe.data.label_offset.value_or(file.input.label_offset);
  print(options, evaluate_accuracy(network, set.samples, {.loader = loader, .label_offset = offset},
                                   reference.get()));
}

void run(const EvaluateCommand& options) {
  const Recipe& recipe = options.recipe;
  check_zoo_options(recipe, {recipe.model.source, options.reference});
  if (is_integer_network(recipe.model.source)) return run_integers(options);
  Graph graph = load(recipe, recipe.model.source);
  Graph other = options.reference.empty() ? Graph() : load(recipe, options.reference);
  const Graph* const reference = options.reference.empty() ? nullptr : &other;
  const LoaderOptions loader = loader_options(recipe, resolve(recipe.data.preprocess, graph));
  fix_picture_size(graph, loader.preprocessing.crop);
  if (reference != nullptr) fix_picture_size(other, loader.preprocessing.crop);
  const LabelledSet set = read(options);
  if (set.is_multi_label()) {
    print(options, evaluate_multi_label(graph, set, loader, reference));
    return;
  }
  const std::int64_t offset = recipe.data.label_offset.value_or(graph.label_offset);
  print(options, evaluate_accuracy(graph, set.samples, {.loader = loader, .label_offset = offset},
                                   reference));
}

}  // namespace

void add_evaluate(CLI::App& command) {
  const auto options = std::make_shared<EvaluateCommand>();
  add_model_options(command, options->recipe);
  command
      .add_option("--data", options->data,
                  "A list of 'relative/path label' lines, or a folder with one folder per class")
      ->type_name("LIST|FOLDER");
  add_data_kind_option(command, options->recipe);
  command.add_option("--split", options->split, "Which part of the data of --data-kind")
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--reference", options->reference,
                  "A second model: adds the SQNR of the logits and the share of equal answers")
      ->type_name("MODEL");
  add_data_options(command, options->recipe);
  add_threads_option(command, options->recipe);
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
