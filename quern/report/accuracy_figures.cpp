#include "quern/report/accuracy_figures.h"

namespace quern {
namespace {

constexpr double kPercent = 100;

std::optional<double> percent(const std::optional<double>& share) {
  return share ? std::optional(kPercent * *share) : std::nullopt;
}

}  // namespace

AccuracyFigures accuracy_figures(const Accuracy& accuracy) {
  return {.images = static_cast<std::int64_t>(accuracy.images),
          .metrics = {{"top-1", accuracy.top1, accuracy.reference_top1},
                      {"top-5", accuracy.top5, accuracy.reference_top5}},
          .floor = {},
          .agreement = accuracy.agreement,
          .sqnr_db = accuracy.sqnr_db};
}

AccuracyFigures accuracy_figures(const MultiLabelMetrics& metrics) {
  AccuracyFigures figures{
      .images = static_cast<std::int64_t>(metrics.images),
      .metrics = {{"macro F1", kPercent * metrics.macro_f1, percent(metrics.reference_macro_f1)},
                  {"exact match", kPercent * metrics.exact_match, {}}},
      .floor = kPercent * metrics.floor_macro_f1,
      .agreement = percent(metrics.agreement),
      .sqnr_db = metrics.sqnr_db};
  for (std::size_t i = 0; i < metrics.outputs.size(); ++i) {
    const Confusion& confusion = metrics.confusion[i];
    const std::string& output = metrics.outputs[i];
    figures.metrics.push_back({output + ", precision", kPercent * confusion.precision(), {}});
    figures.metrics.push_back({output + ", recall", kPercent * confusion.recall(), {}});
    figures.metrics.push_back({output + ", F1", kPercent * confusion.f1(), {}});
  }
  return figures;
}

}  // namespace quern
