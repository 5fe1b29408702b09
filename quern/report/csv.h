#pragma once

#include <string>

#include "quern/report/run_report.h"

namespace quern {

/// One line a layer under a line of names; absent figures are empty. RFC 4180, lines ended by a
/// line feed.
std::string layers_csv(const RunReport& report);

}  // namespace quern
