#pragma once

#include <string>
#include <string_view>

#include "quern/report/run_report.h"
#include "quern/report/training_report.h"

namespace quern {

/// The report as JSON, fields named as in run_report.h; absent figures are null.
std::string to_json(const RunReport& report);

/// What to_json wrote. @param name  What messages call the text.
/// @throws Error(kParse) naming it: no JSON, a missing field, a value of another type, a version
///         other than 1.
RunReport report_from_json(std::string_view json, const std::string& name);

/// The same of a training's report, whose fields are those of training_report.h.
std::string to_json(const TrainingReport& report);
TrainingReport training_report_from_json(std::string_view json, const std::string& name);

/// Whether `json` is a report of a training, rather than of a quantization.
bool is_training_report(std::string_view json);

}  // namespace quern
