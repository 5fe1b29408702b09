#include "quern/pipeline/report_training.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "quern/base/base64.h"
#include "quern/base/file.h"
#include "quern/data/class_balance.h"
#include "quern/data/encode_jpeg.h"
#include "quern/data/image.h"
#include "quern/evaluate/multi_label.h"
#include "quern/evaluate/wrong_answers.h"
#include "quern/pipeline/report_run.h"
#include "quern/pipeline/training_log.h"
#include "quern/report/json.h"
#include "quern/report/page.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr int kThumbnailSide = 160;  // At most some 10 KiB each.
constexpr int kThumbnailQuality = 80;

std::vector<Setting> settings_of(const Recipe& recipe) {
  std::vector<Setting> settings;
  for (const auto& [key, value] : values_by_key(recipe)) {
    const bool is_of_ptq = key.starts_with("ptq.") || key.starts_with("calibrate.");
    if (!is_of_ptq && key != "version") settings.push_back({key, value});
  }
  return settings;
}

/// A metric's name, and where an epoch's JSON object has it; percent become shares.
struct Metric {
  std::string name;
  nlohmann::json::json_pointer at;
  double unit = 1;
};

std::vector<Metric> metrics_of(const LabelledSet& set) {
  using Pointer = nlohmann::json::json_pointer;
  if (!set.is_multi_label()) return {{"top-1", Pointer("/top1"), 100}};
  std::vector<Metric> metrics = {{"macro F1", Pointer("/macro_f1")},
                                 {"exact match", Pointer("/exact_match")}};
  for (const std::string& output : set.outputs) {
    metrics.push_back({output + " F1", Pointer() / output / "f1"});
  }
  return metrics;
}

/// With that of the integers beside it, in front where epochs are compared by it.
std::vector<Metric> metrics_of(const LabelledSet& set, const std::string& integers) {
  std::vector<Metric> metrics = metrics_of(set);
  if (integers == "off") return metrics;
  Metric first = metrics.front();
  first.name = "integer " + first.name;
  first.at = nlohmann::json::json_pointer("/integers") / first.at;
  metrics.insert(metrics.begin() + (integers == "best" ? 0 : 1), std::move(first));
  return metrics;
}

EpochFigures figures_of(const nlohmann::json& epoch, const std::vector<Metric>& metrics) {
  EpochFigures figures{.epoch = epoch.at("epoch"),
                       .training_loss = epoch.at("loss").at("train"),
                       .validation_loss = epoch.at("loss").at("validation"),
                       .learning_rate = epoch.at("learning_rate"),
                       .seconds = epoch.at("seconds"),
                       .images_per_second = epoch.at("images_per_second"),
                       .metrics = {}};
  for (const Metric& metric : metrics) {
    figures.metrics.push_back(epoch.at(metric.at).get<double>() / metric.unit);
  }
  return figures;
}

void add_epochs(const TrainingReportRequest& request, TrainingReport& report) {
  const std::vector<Metric> metrics =
      metrics_of(request.validation.set(), request.recipe.train.integers);
  for (const Metric& metric : metrics) report.metrics.push_back(metric.name);
  for (const std::string& line : request.epochs) {
    report.epochs.push_back(figures_of(nlohmann::json::parse(line), metrics));
  }
  report.best_epoch = best_epoch(request.epochs).at("epoch");
}

void add_classes(const TrainingReportRequest& request, TrainingReport& report) {
  const ClassBalance training = class_balance(request.training);
  const ClassBalance validation = class_balance(request.validation.usable());
  const std::size_t classes = std::max(training.names.size(), validation.names.size());
  for (std::size_t i = 0; i < classes; ++i) {
    const auto shown = [i](const ClassBalance& balance) -> std::int64_t {
      return i < balance.positives.size() ? static_cast<std::int64_t>(balance.positives[i]) : 0;
    };
    const ClassBalance& named = i < training.names.size() ? training : validation;
    report.classes.push_back(
        {.name = named.names[i], .training = shown(training), .validation = shown(validation)});
  }
}

void judge_classes(const Validation& validation, const Answers& answers, TrainingReport& report) {
  if (!validation.set().is_multi_label()) return;
  const MultiLabelMetrics metrics = metrics_of(validation.set(), answers);
  report.floor = metrics.floor_macro_f1;
  for (std::size_t i = 0; i < metrics.confusion.size(); ++i) {
    const Confusion& confusion = metrics.confusion[i];
    ClassFigures& figures = report.classes.at(i);
    figures.precision = confusion.precision();
    figures.recall = confusion.recall();
    figures.f1 = confusion.f1();
    figures.found = static_cast<std::int64_t>(confusion.true_positives);
    figures.missed = static_cast<std::int64_t>(confusion.false_negatives);
    figures.false_alarms = static_cast<std::int64_t>(confusion.false_positives);
  }
}

/// "smoke and fire", "none"
std::string words(const std::vector<std::size_t>& outputs, const TrainingReport& report) {
  std::vector<std::string> names;
  for (const std::size_t output : outputs) {
    names.push_back(output < report.classes.size() ? report.classes[output].name
                                                   : fmt::format("class {}", output));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " and "));
}

/// The end of a path: enough to find the picture, and nobody's folders.
std::string short_path(const fs::path& path) {
  return (path.parent_path().filename() / path.filename()).string();
}

std::string thumbnail(const Image& image) {
  const int side = std::min(image.width, kThumbnailSide);
  return base64(encode_jpeg(resize(image, side, side), kThumbnailQuality));
}

void add_mistakes(const TrainingReportRequest& request, const Answers& answers,
                  TrainingReport& report) {
  const LabelledSet& set = request.validation.set();
  std::vector<WrongAnswer> wrong =
      wrong_answers(answers.logits.data<float>(), answers.targets.data<float>(),
                    static_cast<std::size_t>(answers.logits.shape().at(1)), set.is_multi_label());
  report.wrong_images = static_cast<std::int64_t>(wrong.size());
  wrong.resize(std::min(wrong.size(), static_cast<std::size_t>(request.recipe.report.pictures)));
  for (const WrongAnswer& one : wrong) {
    const std::size_t picture = answers.pictures.at(one.picture);
    report.mistakes.push_back({.picture = short_path(set.samples.at(picture).path),
                               .truth = words(one.truth, report),
                               .answer = words(one.answer, report),
                               .confidence = one.confidence,
                               .thumbnail = thumbnail(request.validation.picture(picture))});
  }
}

TrainingReport report_of(const TrainingReportRequest& request) {
  TrainingReport report;
  report.network = fs::path(request.recipe.model.source).filename().string();
  report.settings = settings_of(request.recipe);
  report.training_images = static_cast<std::int64_t>(request.training.samples.size());
  report.notes = request.notes;
  add_epochs(request, report);
  add_classes(request, report);
  const Answers answers = request.validation.answers(*predictor(request.best));
  report.validation_images = static_cast<std::int64_t>(answers.pictures.size());
  judge_classes(request.validation, answers, report);
  add_mistakes(request, answers, report);
  return report;
}

}  // namespace

std::vector<fs::path> write_training_report(const fs::path& run,
                                            const TrainingReportRequest& request) {
  remove_report(run);
  if (request.recipe.report.pictures == 0) return {};
  const TrainingReport report = report_of(request);
  const fs::path json = run / "report" / "report.json";
  write_file(json, to_json(report));
  write_file(report_page(run), to_html(report));
  return {report_page(run), json};
}

}  // namespace quern
