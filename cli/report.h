#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quern/evaluate/accuracy.h"

namespace quern::cli {

/// {"top1": …, "top5": …, "images": …, "seconds": …, "skipped": …} and, against a reference,
/// "sqnr_db", "agreement", "reference_top1", "reference_top5".
nlohmann::json to_json(const Accuracy& accuracy);

/// The same for a person.
std::string to_text(const Accuracy& accuracy);

}  // namespace quern::cli
