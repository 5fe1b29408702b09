#include "cli/report.h"

namespace quern::cli {

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
  if (!accuracy.skipped.empty()) {
    text += fmt::format("{} image{} skipped, the first: {}\n", accuracy.skipped.size(),
                        accuracy.skipped.size() == 1 ? "" : "s", accuracy.skipped.front());
  }
  return text;
}

}  // namespace quern::cli
