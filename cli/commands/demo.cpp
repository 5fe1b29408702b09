#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"
#include "quern/analysis/targets.h"
#include "quern/data/fire_photos.h"
#include "quern/exporters/qonnx.h"
#include "quern/models/load_model.h"
#include "quern/pipeline/report_run.h"
#include "quern/pipeline/train.h"

namespace quern::cli {
namespace {

namespace fs = std::filesystem;

struct DemoCommand {
  std::string output = "runs/demo";
  FirePhotosOptions photos = {.train = 2000, .test = 300, .side = 128};
  int epochs = 16;
  int threads = 0;
  bool resume = false;

  fs::path folder(const char* name) const { return fs::path(output) / name; }
};

/// Says what comes next while it is waited for.
void announce(const std::string& text) { std::cout << text << std::endl; }

void paint(const DemoCommand& options) {
  const fs::path folder = options.folder("photos");
  announce(fmt::format("1. paint {} photos to learn from and {} to test on: {}",
                       options.photos.train, options.photos.test, folder.string()));
  write_fire_photos(folder, options.photos);
}

/// What both trainings change of their ready-made recipes: the data, and photos of another size.
/// Flames at the border are not cropped away, since there the label would be wrong.
std::vector<std::string> overrides(const DemoCommand& options, int epochs) {
  const int side = options.photos.side;
  return {fmt::format("data.root={}", options.folder("photos").string()),
          fmt::format("data.preprocess.resize={}", side),
          fmt::format("data.preprocess.crop={}", side), "data.augment.crop_area=1.0",
          fmt::format("train.epochs={}", epochs)};
}

/// Trains a ready-made recipe, and says by which command. @return what train() does.
nlohmann::json train_recipe(const DemoCommand& options, const std::string& step,
                            const std::string& name, const std::vector<std::string>& changes,
                            const fs::path& run) {
  std::string command = "quern train " + name;
  for (const std::string& change : changes) command += " --set " + change;
  announce(fmt::format("\n{}:\n   {} -o {}", step, command, run.string()));
  Recipe recipe = read_recipe(name, changes);
  recipe.threads = options.threads;
  return train(recipe, {.run = run, .resume = options.resume});
}

std::string percent(const nlohmann::json& share) {
  return fmt::format("{:.2f}", 100 * share.get<double>());
}

/// The best epochs of both trainings, side by side.
std::string table_of(const nlohmann::json& in_float, const nlohmann::json& in_four_bits) {
  std::vector<std::string> header = {"%", "macro F1"};
  for (const char* const output : {"smoke", "fire"}) {
    for (const char* const figure : {"precision", "recall", "F1"}) {
      header.push_back(fmt::format("{} {}", output, figure));
    }
  }
  Table table(header);
  const auto add = [&](const std::string& name, const nlohmann::json& result) {
    const nlohmann::json& best = result.at("best");
    std::vector<std::string> row = {name, percent(best.at("macro_f1"))};
    for (const char* const output : {"smoke", "fire"}) {
      for (const char* const figure : {"precision", "recall", "f1"}) {
        row.push_back(percent(best.at(output).at(figure)));
      }
    }
    table.add(row);
  };
  add("float", in_float);
  add("4 bits", in_four_bits);
  return table.text() + fmt::format("one answer for every photo would score a macro F1 of {} %\n",
                                    percent(in_float.at("best").at("floor_macro_f1")));
}

/// The 4-bit network as FINN takes it.
void write_network(const DemoCommand& options, const std::string& model) {
  const Graph network = load_model(model).graph;
  const fs::path path = options.folder("fire_smoke.onnx");
  export_qonnx(network, path, {.batch = 1});
  const std::size_t findings = lint_finn(network).size();
  announce(fmt::format("\n4. wrote {}; FINN {}", path.string(),
                       findings == 0 ? "can take it: no finding"
                                     : fmt::format("would refuse it: {} findings", findings)));
}

void run(const DemoCommand& options) {
  paint(options);
  const fs::path float_run = options.folder("float");
  std::vector<std::string> changes = overrides(options, options.epochs);
  changes.push_back(fmt::format("model.input={}", options.photos.side));
  const nlohmann::json in_float =
      train_recipe(options, "2. train a network in float", "fire_smoke_float", changes, float_run);
  changes = overrides(options, (options.epochs + 1) / 2);
  changes.push_back("model.source=" + in_float.at("model").get<std::string>());
  const nlohmann::json in_four_bits = train_recipe(
      options, "3. go on with it at 4 bits", "fire_smoke_w4a4", changes, options.folder("w4a4"));
  write_network(options, in_four_bits.at("model"));
  std::cout << fmt::format(
      "\n{}\nLook at it:   {}\n              {}\nYour own:     quern init fire_smoke_w4a4\n",
      table_of(in_float, in_four_bits), report_page(float_run).string(),
      report_page(options.folder("w4a4")).string());
}

}  // namespace

void add_demo(CLI::App& command) {
  const auto options = std::make_shared<DemoCommand>();
  command.add_option("-o,--output", options->output, "Where everything goes")
      ->check(not_empty())
      ->type_name("FOLDER")
      ->capture_default_str();
  command.add_option("--photos", options->photos.train, "Photos to learn from")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--test-photos", options->photos.test, "Photos to test on")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--side", options->photos.side, "Of a photo, in pixels: 32 to 1024")
      ->check(at_least(32))
      ->capture_default_str();
  command.add_option("--epochs", options->epochs, "In float; at 4 bits half as many")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--threads", options->threads, "0 is all cores")
      ->check(at_least(0))
      ->capture_default_str();
  command.add_flag("--resume", options->resume, "Go on where a demo in this folder was stopped");
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
