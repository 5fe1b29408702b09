#pragma once

#include <string>

#include "quern/report/run_report.h"

namespace quern {

// The report as tables: lines under a line of names; absent figures are empty. RFC 4180, lines
// ended by a line feed.

/// One line a layer.
std::string layers_csv(const RunReport& report);

/// One line a layer that a step changed, and one a step without a layer: its logits.
std::string steps_csv(const RunReport& report);

/// One line a figure of the whole run: its name and value; settings, accuracy and notes among them.
std::string summary_csv(const RunReport& report);

}  // namespace quern
