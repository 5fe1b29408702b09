#include "cli/report.h"

#include "cli/table.h"

namespace quern::cli {
namespace {

/// "2 images skipped, the first: …", a line of its own; empty where there is none.
std::string skipped_text(const std::vector<std::string>& skipped) {
  if (skipped.empty()) return "";
  return fmt::format("{} image{} skipped, the first: {}\n", skipped.size(),
                     skipped.size() == 1 ? "" : "s", skipped.front());
}

std::string percent_text(double share) { return fmt::format("{:.2f}", 100 * share); }

}  // namespace

nlohmann::json to_json(const Accuracy& accuracy) {
  nlohmann::json json = {{"top1", accuracy.top1},
                         {"top5", accuracy.top5},
                         {"images", accuracy.images},
                         {"skipped", accuracy.skipped.size()},
                         {"seconds", accuracy.seconds}};
  if (accuracy.sqnr_db) json["sqnr_db"] = *accuracy.sqnr_db;
  if (accuracy.agreement) json["agreement"] = *accuracy.agreement;
  if (accuracy.reference_top1) json["reference_top1"] = *accuracy.reference_top1;
  if (accuracy.reference_top5) json["reference_top5"] = *accuracy.reference_top5;
  return json;
}

std::string to_text(const Accuracy& accuracy) {
  std::string text = fmt::format("top-1 {:.2f} %, top-5 {:.2f} % of {} images in {:.1f} s\n",
                                 accuracy.top1, accuracy.top5, accuracy.images, accuracy.seconds);
  if (accuracy.sqnr_db) {
    text += fmt::format(
        "against the reference (top-1 {:.2f} %): logit SQNR {:.1f} dB, same answer "
        "on {:.2f} %\n",
        *accuracy.reference_top1, *accuracy.sqnr_db, *accuracy.agreement);
  }
  return text + skipped_text(accuracy.skipped);
}

nlohmann::json to_json(const MultiLabelMetrics& metrics) {
  nlohmann::json json = {{"macro_f1", metrics.macro_f1},
                         {"exact_match", metrics.exact_match},
                         {"floor_macro_f1", metrics.floor_macro_f1},
                         {"images", metrics.images},
                         {"skipped", metrics.skipped.size()},
                         {"seconds", metrics.seconds}};
  for (std::size_t i = 0; i < metrics.outputs.size(); ++i) {
    const Confusion& confusion = metrics.confusion[i];
    json[metrics.outputs[i]] = {{"precision", confusion.precision()},
                                {"recall", confusion.recall()},
                                {"f1", confusion.f1()},
                                {"confusion",
                                 {{"true_positives", confusion.true_positives},
                                  {"false_positives", confusion.false_positives},
                                  {"false_negatives", confusion.false_negatives},
                                  {"true_negatives", confusion.true_negatives}}}};
  }
  if (metrics.sqnr_db) json["sqnr_db"] = *metrics.sqnr_db;
  if (metrics.agreement) json["agreement"] = *metrics.agreement;
  if (metrics.reference_macro_f1) json["reference_macro_f1"] = *metrics.reference_macro_f1;
  return json;
}

std::string to_text(const MultiLabelMetrics& metrics) {
  Table table({"output", "precision %", "recall %", "F1 %", "found", "missed", "false alarms",
               "rightly none"});
  for (std::size_t i = 0; i < metrics.outputs.size(); ++i) {
    const Confusion& confusion = metrics.confusion[i];
    table.add({metrics.outputs[i], percent_text(confusion.precision()),
               percent_text(confusion.recall()), percent_text(confusion.f1()),
               std::to_string(confusion.true_positives), std::to_string(confusion.false_negatives),
               std::to_string(confusion.false_positives),
               std::to_string(confusion.true_negatives)});
  }
  std::string text = table.text();
  text += fmt::format(
      "macro F1 {} % (always the same answer: {} %), all outputs right on {} % of {} images in "
      "{:.1f} s\n",
      percent_text(metrics.macro_f1), percent_text(metrics.floor_macro_f1),
      percent_text(metrics.exact_match), metrics.images, metrics.seconds);
  if (metrics.sqnr_db) {
    text += fmt::format(
        "against the reference (macro F1 {} %): logit SQNR {:.1f} dB, same answer on {} %\n",
        percent_text(*metrics.reference_macro_f1), *metrics.sqnr_db,
        percent_text(*metrics.agreement));
  }
  return text + skipped_text(metrics.skipped);
}

}  // namespace quern::cli
