#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/report.h"
#include "quern/analysis/targets.h"
#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/report_run.h"
#include "quern/pipeline/run_folder.h"

namespace quern::cli {
namespace {

struct DemoCommand {
  std::string output = "runs/demo";
  int images = 64;
};

/// The zoo's network has random weights and no training, so accuracy says nothing here; what the
/// demo shows is that the quantized network answers as the float one does.
void run(const DemoCommand& options) {
  const std::filesystem::path photos = std::filesystem::path(options.output) / "photos";
  write_synthetic_photos(photos, options.images, /*seed=*/1);
  std::cout << fmt::format("1. wrote {} generated photos to {}\n", options.images, photos.string());

  RunFolder folder(options.output);
  Recipe recipe;
  recipe.model.source = "zoo:mobilenet_v2";
  recipe.model.classes = 10;
  recipe.data.calibration = (photos / "list.txt").string();
  recipe.data.validation = recipe.data.calibration;
  const QuantizeResult result = quantize(recipe);
  std::cout << fmt::format("2. quantized {}: {} quantizers, 8-bit weights and activations\n",
                           recipe.model.source, result.quants);
  std::cout << fmt::format(
      "3. against the float network: same answer on {:.1f} % of the photos, "
      "logit SQNR {:.1f} dB\n",
      *result.accuracy->agreement, *result.accuracy->sqnr_db);

  folder.open(recipe);
  const std::filesystem::path model = folder.model("quantized.onnx");
  export_qonnx(result.graph, model);
  folder.add_input(recipe.data.calibration);
  folder.add_output(model);
  for (const std::filesystem::path& path : write_report(options.output, recipe, result)) {
    folder.add_output(path);
  }
  folder.write_manifest(to_json(*result.accuracy));
  std::cout << fmt::format("4. wrote {}; {} findings for FINN\n\n", model.string(),
                           lint_finn(result.graph).size());
  std::cout << fmt::format(
      "Look at it:   {}\n              quern info {}\nYour own:     quern init finn-ptq\n",
      report_page(options.output).string(), model.string());
}

}  // namespace

void add_demo(CLI::App& command) {
  const auto options = std::make_shared<DemoCommand>();
  command.add_option("-o,--output", options->output, "The run folder")
      ->check(not_empty())
      ->type_name("FOLDER")
      ->capture_default_str();
  command.add_option("--images", options->images, "Photos to generate")
      ->check(at_least(1))
      ->capture_default_str();
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
