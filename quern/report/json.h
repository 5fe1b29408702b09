#pragma once

#include <string>
#include <string_view>

#include "quern/report/run_report.h"

namespace quern {

/// The report as JSON, fields named as in run_report.h; absent figures are null.
std::string to_json(const RunReport& report);

/// What to_json wrote. @param name  What messages call the text.
/// @throws Error(kParse) naming it: no JSON, a missing field, a value of another type, a version
///         other than 1.
RunReport report_from_json(std::string_view json, const std::string& name);

}  // namespace quern
