#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/multi_label.h"

namespace quern::cli {

/// {"top1": …, "top5": …, "images": …, "seconds": …, "skipped": …} and, against a reference,
/// "sqnr_db", "agreement", "reference_top1", "reference_top5".
nlohmann::json to_json(const Accuracy& accuracy);

/// The same for a person.
std::string to_text(const Accuracy& accuracy);

/// Per output {"precision": …, "recall": …, "f1": …, "confusion": …}, "macro_f1", "exact_match",
/// "floor_macro_f1", "images", "seconds", "skipped" and, against a reference, "sqnr_db",
/// "agreement", "reference_macro_f1". Shares are fractions of 0 to 1.
nlohmann::json to_json(const MultiLabelMetrics& metrics);

/// The same for a person: a table, shares in percent.
std::string to_text(const MultiLabelMetrics& metrics);

}  // namespace quern::cli
