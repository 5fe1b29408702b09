#include "quern/pipeline/train.h"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "quern/base/error.h"

namespace quern::cli {
namespace {

struct TrainCommand {
  std::string recipe;
  std::vector<std::string> overrides;
  std::string output;
  bool resume = false;
  int threads = 0;
  int gpus = 0;
  int processes = 1;
  bool json = false;
};

/// Launchers of several processes tell each how many there are.
void refuse_launchers() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", "WORLD_SIZE"}) {
    const char* const size = std::getenv(variable);
    require(size == nullptr || std::atoi(size) <= 1,
            "training runs in one process, {} says that {} were started", variable,
            size != nullptr ? size : "");
  }
}

std::string percent(const nlohmann::json& share) {
  return fmt::format("{:.2f} %", 100 * share.get<double>());
}

std::string of_integers(const nlohmann::json& metrics) {
  return metrics.contains("macro_f1")
             ? fmt::format("  as integers macro F1 {}\n", percent(metrics["macro_f1"]))
             : fmt::format("  as integers top-1 {:.2f} %\n", metrics.at("top1").get<double>());
}

std::string to_text(const nlohmann::json& result) {
  const nlohmann::json& best = result.at("best");
  std::string text = fmt::format("wrote {}: best of {} epochs is epoch {}\n",
                                 result.at("model").get<std::string>(),
                                 result.at("epochs").get<int>(), best.at("epoch").get<int>());
  for (const auto& [key, value] : best.items()) {
    if (!value.is_object() || !value.contains("f1")) continue;
    text += fmt::format("  {}: precision {}, recall {}, F1 {}\n", key, percent(value["precision"]),
                        percent(value["recall"]), percent(value["f1"]));
  }
  if (best.contains("macro_f1")) {
    text += fmt::format("  macro F1 {}; one answer for every picture scores {}\n",
                        percent(best["macro_f1"]), percent(best["floor_macro_f1"]));
  } else {
    text += fmt::format("  top-1 {:.2f} %\n", best.at("top1").get<double>());
  }
  if (best.contains("integers")) text += of_integers(best["integers"]);
  if (result.contains("bipolar_model")) {
    text += fmt::format("wrote {}: the same answers, +1 or -1\n",
                        result["bipolar_model"].get<std::string>());
  }
  if (result.contains("report")) {
    text += fmt::format("report: {}\n", result["report"].get<std::string>());
  }
  return text;
}

void run(const TrainCommand& options) {
  require(options.gpus == 0, "training runs on the CPU: --gpus must be 0, got {}", options.gpus);
  require(options.processes == 1, "training runs in one process: --processes must be 1, got {}",
          options.processes);
  refuse_launchers();
  Recipe recipe = read_recipe(options.recipe, options.overrides);
  if (options.threads > 0) recipe.threads = options.threads;
  const nlohmann::json result = train(recipe, {.run = options.output, .resume = options.resume});
  if (options.json) {
    std::cout << result.dump(2) << '\n';
  } else {
    std::cout << to_text(result);
  }
}

}  // namespace

void add_train(CLI::App& command) {
  const auto options = std::make_shared<TrainCommand>();
  command.add_option("recipe", options->recipe, "A recipe (.toml), or a ready-made one's name")
      ->required()
      ->type_name("RECIPE");
  command.add_option("-o,--output", options->output, "The run folder")
      ->required()
      ->check(not_empty())
      ->type_name("FOLDER");
  command
      .add_option("--set", options->overrides, "Change a key of the recipe: --set train.epochs=8")
      ->type_name("KEY=VALUE");
  command.add_flag("--resume", options->resume,
                   "Go on from the folder's last checkpoint; without one, start");
  command
      .add_option("--threads", options->threads,
                  "0 is all cores; the same number gives the same weights")
      ->check(at_least(0))
      ->capture_default_str();
  command.add_option("--gpus", options->gpus, "Only 0: training runs on the CPU")
      ->check(at_least(0))
      ->capture_default_str();
  command.add_option("--processes", options->processes, "Only 1")
      ->check(at_least(1))
      ->capture_default_str();
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
