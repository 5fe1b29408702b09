#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/table.h"
#include "quern/measure/training_cost.h"

namespace quern::cli {
namespace {

struct BenchCommand {
  Recipe recipe;
  TrainingCostOptions training;
  bool train = false;
  bool json = false;
};

std::string to_text(const TrainingCost& cost) {
  Table table({"training step", "ms a picture", "to LibTorch float", "peak memory"});
  const auto row = [&](const char* name, const StepCost& step) {
    table.add({name, fmt::format("{:.2f}", step.ms),
               fmt::format("{:.2f}", step.ms / cost.libtorch_float.ms),
               bytes_text(step.peak_bytes)});
  };
  row("float", cost.own_float);
  row("quantization-aware", cost.qat);
  row("LibTorch, float", cost.libtorch_float);
  return table.text();
}

nlohmann::ordered_json to_json(const TrainingCost& cost) {
  return {{"float_ms", cost.own_float.ms},
          {"qat_ms", cost.qat.ms},
          {"libtorch_float_ms", cost.libtorch_float.ms},
          {"float_peak_bytes", cost.own_float.peak_bytes},
          {"qat_peak_bytes", cost.qat.peak_bytes},
          {"libtorch_float_peak_bytes", cost.libtorch_float.peak_bytes}};
}

void run(const BenchCommand& options) {
  check_zoo_options(options.recipe, {options.recipe.model.source});
  const Graph graph = load(options.recipe, options.recipe.model.source);
  const TrainingCost cost = training_cost(graph, options.training);
  if (options.json) {
    std::cout << to_json(cost).dump(2) << '\n';
  } else {
    std::cout << to_text(cost);
  }
}

}  // namespace

void add_bench(CLI::App& command) {
  const auto options = std::make_shared<BenchCommand>();
  add_model_options(command, options->recipe);
  command
      .add_flag("--train", options->train,
                "A step of training: in float, quantization-aware, and in LibTorch's "
                "own operators, in turns")
      ->required();
  command.add_option("--batch", options->training.batch, "Pictures a step")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option("--bits", options->training.bits,
                  "Of weights and activations; the input and the last layer have 8")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option("--repetitions", options->training.repetitions,
                  "Steps of each whose median is taken")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--threads", options->training.threads, "0 is all cores")
      ->check(at_least(0))
      ->capture_default_str();
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
