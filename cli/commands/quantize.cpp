#include "quern/pipeline/quantize.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/report.h"
#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/calibrate/observer.h"
#include "quern/exporters/qonnx.h"
#include "quern/pipeline/report_run.h"
#include "quern/pipeline/run_folder.h"
#include "quern/pipeline/search_algorithms.h"
#include "quern/ptq/algorithms.h"

namespace quern::cli {
namespace {

struct QuantizeCommand {
  std::string target;  // a recipe or a model
  Recipe recipe;       // what the flags say, where the target is a model
  std::string data;
  std::string validation;
  std::vector<std::string> overrides;
  std::string output;
  bool search = false;
  bool json = false;
};

bool is_recipe(const std::string& target) {
  const auto is_target = [&](const ReadyMadeRecipe& ready) { return ready.name == target; };
  return target.ends_with(".toml") || std::ranges::any_of(ready_made_recipes(), is_target);
}

Recipe recipe_of(const QuantizeCommand& options) {
  if (is_recipe(options.target)) return read_recipe(options.target, options.overrides);
  require(options.overrides.empty(), "--set changes a recipe; {} is a model", options.target);
  check_zoo_options(options.recipe, {options.target});
  require(!options.data.empty(), "--data is needed: the pictures to calibrate on");
  Recipe recipe = options.recipe;
  recipe.model.source = options.target;
  recipe.data.calibration = from_here(options.data);
  recipe.data.validation = from_here(options.validation);
  return recipe;
}

nlohmann::json result_json(const QuantizeResult& result, const std::string& model) {
  nlohmann::json json = {{"model", model},
                         {"quants", result.quants},
                         {"images", result.images},
                         {"notes", result.notes}};
  for (const StageTime& stage : result.stages) json["seconds"][stage.stage] = stage.seconds;
  if (result.accuracy) json["accuracy"] = to_json(*result.accuracy);
  if (result.multi_label) json["accuracy"] = to_json(*result.multi_label);
  return json;
}

nlohmann::json search_json(const SearchReport& report) {
  nlohmann::json json = {{"held_back", report.held_back}};
  for (const SearchTrial& trial : report.trials) {
    nlohmann::json& row = json["trials"].emplace_back();
    row["algorithms"] = trial.algorithms;
    if (!trial.failure.empty()) {
      row["failure"] = trial.failure;
      continue;
    }
    row["sqnr_db"] = trial.sqnr_db;
    row["seconds"] = trial.seconds;
  }
  return json;
}

std::string search_text(const SearchReport& report) {
  std::string text =
      fmt::format("judged by {} calibration pictures held back:\n", report.held_back);
  for (const SearchTrial& trial : report.trials) {
    if (trial.failure.empty()) {
      text +=
          fmt::format("  {:6.2f} dB  {:6.1f} s  {}\n", trial.sqnr_db, trial.seconds, name(trial));
    } else {
      text += fmt::format("     failed            {}: {}\n", name(trial), trial.failure);
    }
  }
  return text;
}

std::vector<std::string> observer_names() {
  std::vector<std::string> names;
  for (const ObserverDef& observer : observers()) names.emplace_back(observer.name);
  return names;
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const PtqAlgorithm& algorithm : ptq_algorithms()) names.emplace_back(algorithm.name);
  for (const PtqPreset& preset : ptq_presets()) names.emplace_back(preset.name);
  return names;
}

/// A flag beside a recipe would have to win or lose silently; --set says what is meant.
void refuse_flags_beside_a_recipe(const CLI::App& command, const QuantizeCommand& options) {
  if (!is_recipe(options.target)) return;
  const std::vector<std::string> allowed = {"target",   "--output",  "--set",
                                            "--search", "--threads", "--json"};
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    require(option->count() == 0 || std::ranges::find(allowed, name) != allowed.end(),
            "{} belongs to a model; change the recipe {} by --set key=value", name, options.target);
  }
}

void run(const QuantizeCommand& options) {
  Recipe recipe = recipe_of(options);
  if (options.recipe.threads > 0) recipe.threads = options.recipe.threads;
  RunFolder folder(options.output);
  std::optional<SearchReport> searched;
  if (options.search) {
    require(recipe.ptq.algorithms.empty(),
            "--search finds the algorithms of [ptq], the recipe names them already: {}",
            join(recipe.ptq.algorithms));
    searched = search_algorithms(recipe);
    recipe.ptq.algorithms = searched->trials.front().algorithms;
  }
  const QuantizeResult result = quantize(recipe);
  for (const std::string& note : result.notes) log_warning("{}", note);
  const std::optional<RunReport> report = report_of(recipe, result);
  const std::filesystem::path model = folder.model("quantized.onnx");
  nlohmann::json json = result_json(result, model.string());
  if (searched) json["search"] = search_json(*searched);

  folder.open(recipe);
  export_qonnx(result.graph, model);
  folder.add_input(recipe.model.source);
  folder.add_input(list_path(recipe.data, recipe.data.calibration).string());
  if (!recipe.data.validation.empty()) {
    folder.add_input(list_path(recipe.data, recipe.data.validation).string());
  }
  folder.add_output(model);
  remove_report(options.output);
  if (report) {
    for (const auto& path : write_report(options.output, *report, result.stages)) {
      folder.add_output(path);
    }
  }
  folder.write_manifest(json);
  folder.keep();

  if (options.json) {
    std::cout << json.dump(2) << '\n';
    return;
  }
  if (searched) std::cout << search_text(*searched);
  std::cout << fmt::format("wrote {}: {} quantizers, calibrated on {} images\n", model.string(),
                           result.quants, result.images);
  if (result.accuracy) std::cout << to_text(*result.accuracy);
  if (result.multi_label) std::cout << to_text(*result.multi_label);
  if (report) {
    std::cout << fmt::format("report: {}\n", report_page(options.output).string());
  }
}

}  // namespace

void add_quantize(CLI::App& command) {
  const auto options = std::make_shared<QuantizeCommand>();
  Recipe& recipe = options->recipe;
  command
      .add_option("target", options->target,
                  "A recipe (.toml or a ready-made one's name), or a model")
      ->required()
      ->type_name("RECIPE|MODEL");
  command.add_option("-o,--output", options->output, "The run folder")
      ->required()
      ->check(not_empty())
      ->type_name("FOLDER");
  command
      .add_option("--set", options->overrides,
                  "Change a key of the recipe: --set quantize.weight_bits=4")
      ->type_name("KEY=VALUE");
  command.add_option("--data", options->data, "Calibration pictures: a list or a folder")
      ->type_name("LIST|FOLDER");
  command
      .add_option("--validation", options->validation,
                  "Labelled pictures: measures the accuracy against the float model")
      ->type_name("LIST|FOLDER");
  command.add_option("--weight-bits", recipe.quantize.weight_bits, "1 to 16")
      ->capture_default_str();
  command.add_option("--activation-bits", recipe.quantize.activation_bits, "1 to 16")
      ->capture_default_str();
  command
      .add_option("--observer", recipe.calibrate.observer,
                  "Range of activations: " + join(observer_names()))
      ->capture_default_str();
  command.add_option("--percentile", recipe.calibrate.percentile, "Kept mass, 99 to 100 percent")
      ->capture_default_str();
  command
      .add_option("--algorithms", recipe.ptq.algorithms,
                  "What wins accuracy back, separated by commas: " + join(algorithm_names()))
      ->delimiter(',')
      ->type_name("NAME,…");
  command.add_flag("--search", options->search,
                   "Try combinations of algorithms on most of the pictures, judge them by the "
                   "rest, run the best");
  add_zoo_options(command, recipe);
  add_data_options(command, recipe);
  add_threads_option(command, recipe);
  add_json_option(command, options->json);
  command.callback([options, &command] {
    refuse_flags_beside_a_recipe(command, *options);
    run(*options);
  });
}

}  // namespace quern::cli
