#include "quern/pipeline/report_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/data/labelled_set.h"
#include "quern/ptq/algorithms.h"
#include "quern/report/accuracy_figures.h"
#include "quern/report/csv.h"
#include "quern/report/json.h"
#include "quern/report/measure_report.h"
#include "quern/report/page.h"

namespace quern {

namespace fs = std::filesystem;

namespace {

/// "op = 'Conv', depthwise = false: weight_bits 4"
std::string rule_text(const Rule& rule) {
  std::vector<std::string> decided;
  for_each_rule_key([&](std::string_view name, KeyScope, auto key) {
    if (rule.spec.*key) decided.push_back(fmt::format("{} {}", name, *(rule.spec.*key)));
  });
  return fmt::format("{}: {}", describe(rule), fmt::join(decided, ", "));
}

/// "a short side of 256, the middle 224 × 224"
std::string pictures_text(const Preprocessing& how) {
  std::vector<std::string> parts;
  if (how.central_crop)
    parts.push_back(fmt::format("the middle {} of each side", *how.central_crop));
  if (how.resize) {
    parts.push_back(
        fmt::format("{} of {}", how.stretch ? "both sides" : "a short side", *how.resize));
  }
  parts.push_back(fmt::format("the middle {0} × {0}", how.crop));
  parts.push_back(fmt::format("(x · {:.6g} − [{:.6g}]) / [{:.6g}]", how.scale,
                              fmt::join(how.mean, ", "), fmt::join(how.std, ", ")));
  if (how.bgr) parts.emplace_back("blue first");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string percentile_text(const std::string& method, double percentile) {
  return method == "percentile" ? fmt::format("percentile {}", percentile) : method;
}

/// [ptq]: the algorithms, and what is set otherwise than by default.
void add_algorithms(const Recipe& recipe, const QuantizeResult& result,
                    std::vector<Setting>& settings) {
  std::vector<std::string> ran;
  std::vector<std::string> left_out = algorithm_names(recipe.ptq.algorithms);
  for (const QuantizeStep& step : result.steps) {
    if (std::erase(left_out, step.name) > 0) ran.push_back(step.name);
  }
  if (!ran.empty()) settings.push_back({"algorithms", fmt::format("{}", fmt::join(ran, ", "))});
  if (!left_out.empty()) {
    settings.push_back({"left out", fmt::format("{}", fmt::join(left_out, ", "))});
  }
  for (const auto& [key, value] : changed_values(recipe)) {
    if (key.starts_with("ptq.") && key != "ptq.algorithms") settings.push_back({key, value});
  }
}

std::vector<Setting> settings_of(const Recipe& recipe, const QuantizeResult& result) {
  std::vector<Setting> settings = {
      {"scheme", recipe.quantize.scheme},
      {"weight bits", std::to_string(recipe.quantize.weight_bits)},
      {"activation bits", std::to_string(recipe.quantize.activation_bits)}};
  for (std::size_t i = 0; i < recipe.quantize.rules.size(); ++i) {
    settings.push_back(Setting{fmt::format("rule {}", i + 1), rule_text(recipe.quantize.rules[i])});
  }
  const CalibrateRecipe& calibrate = recipe.calibrate;
  settings.push_back({"observer", percentile_text(calibrate.observer, calibrate.percentile)});
  settings.push_back(
      {"weight scales", percentile_text(calibrate.weight_method, calibrate.weight_percentile)});
  add_algorithms(recipe, result, settings);
  settings.push_back({"pictures", pictures_text(*result.graph.preprocessing)});
  return settings;
}

}  // namespace

std::optional<RunReport> report_of(const Recipe& recipe, const QuantizeResult& result) {
  if (recipe.report.pictures == 0) return {};
  // Algorithms fit what they see: errors on other pictures are the ones that will be met.
  const bool is_held_back = !recipe.data.validation.empty();
  const std::vector<Sample> samples =
      samples_of(recipe.data, is_held_back ? recipe.data.validation : recipe.data.calibration);
  ReportRequest request{.network = fs::path(recipe.model.source).filename().string(),
                        .settings = settings_of(recipe, result),
                        .loaded = result.loaded,
                        .steps = {},
                        .samples = spread({.samples = samples}, recipe.report.pictures).samples,
                        .is_held_back = is_held_back,
                        .loader = loader_options(recipe, *result.graph.preprocessing),
                        .calibration_images = result.images,
                        .accuracy = {},
                        .notes = result.notes};
  if (result.accuracy) request.accuracy = accuracy_figures(*result.accuracy);
  if (result.multi_label) request.accuracy = accuracy_figures(*result.multi_label);
  for (const QuantizeStep& step : result.steps) {
    request.steps.push_back({step.name, step.graph, step.notes});
  }
  return measure_report(request);
}

namespace {

std::vector<StepTime> times_of(const std::vector<StageTime>& stages) {
  std::vector<StepTime> times;
  for (const StageTime& stage : stages) times.push_back({stage.stage, stage.seconds});
  return times;
}

/// The times that the run's manifest holds; none where there is no manifest.
std::vector<StepTime> times_of_manifest(const fs::path& manifest) {
  std::vector<StepTime> times;
  if (!fs::exists(manifest)) return times;
  try {
    const auto json = nlohmann::json::parse(read_text(manifest));
    for (const auto& [name, seconds] : json.at("results").at("seconds").items()) {
      times.push_back({name, seconds.get<double>()});
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kParse, "{}: not a manifest of quern: {}", manifest.string(), error.what());
  }
  return times;
}

std::vector<fs::path> write_page(const fs::path& folder, const RunReport& report,
                                 const std::vector<StepTime>& times) {
  write_file(folder / "layers.csv", layers_csv(report));
  write_file(folder / "steps.csv", steps_csv(report));
  write_file(folder / "summary.csv", summary_csv(report));
  write_file(folder / "index.html", to_html(report, times));
  return {folder / "index.html", folder / "layers.csv", folder / "steps.csv",
          folder / "summary.csv"};
}

}  // namespace

fs::path report_page(const fs::path& run) { return run / "report" / "index.html"; }

void remove_report(const fs::path& run) {
  for (const char* name : {"index.html", "report.json", "layers.csv", "steps.csv", "summary.csv"}) {
    std::error_code is_absent;
    fs::remove(run / "report" / name, is_absent);
  }
}

std::vector<fs::path> write_report(const fs::path& run, const RunReport& report,
                                   const std::vector<StageTime>& stages) {
  const fs::path folder = run / "report";
  write_file(folder / "report.json", to_json(report));
  std::vector<fs::path> written = write_page(folder, report, times_of(stages));
  written.push_back(folder / "report.json");
  return written;
}

std::vector<fs::path> rewrite_report(const fs::path& run) {
  const fs::path json = run / "report" / "report.json";
  const std::string text = read_text(json);
  if (is_training_report(text)) {
    write_file(report_page(run), to_html(training_report_from_json(text, json.string())));
    return {report_page(run)};
  }
  const RunReport report = report_from_json(text, json.string());
  return write_page(run / "report", report, times_of_manifest(run / "manifest.json"));
}

}  // namespace quern
