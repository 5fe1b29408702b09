#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/report.h"
#include "quern/evaluate/accuracy.h"
#include "quern/pipeline/quantize.h"

namespace quern::cli {
namespace {

struct EvaluateCommand {
  Recipe recipe;
  std::string data;
  std::string reference;
  bool json = false;
};

void run(const EvaluateCommand& options) {
  const Recipe& recipe = options.recipe;
  check_zoo_options(recipe, {recipe.model.source, options.reference});
  Graph graph = load(recipe, recipe.model.source);
  Graph reference = options.reference.empty() ? Graph() : load(recipe, options.reference);
  const LoaderOptions loader = loader_options(recipe, resolve(recipe.data.preprocess, graph));
  fix_picture_size(graph, loader.preprocessing.crop);
  if (!options.reference.empty()) fix_picture_size(reference, loader.preprocessing.crop);
  const Accuracy accuracy = evaluate_accuracy(
      graph, samples_of(recipe.data, from_here(options.data)),
      {.loader = loader, .label_offset = recipe.data.label_offset.value_or(graph.label_offset)},
      options.reference.empty() ? nullptr : &reference);
  if (options.json) {
    std::cout << to_json(accuracy).dump(2) << '\n';
  } else {
    std::cout << to_text(accuracy);
  }
}

}  // namespace

void add_evaluate(CLI::App& command) {
  const auto options = std::make_shared<EvaluateCommand>();
  add_model_options(command, options->recipe);
  command
      .add_option("--data", options->data,
                  "A list of 'relative/path label' lines, or a folder with one folder per class")
      ->required()
      ->type_name("LIST|FOLDER");
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
