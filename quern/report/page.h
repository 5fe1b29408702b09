#pragma once

#include <string>
#include <vector>

#include "quern/report/run_report.h"
#include "quern/report/training_report.h"

namespace quern {

/// How long a step of the run took.
struct StepTime {
  std::string name;
  double seconds = 0;
};

/// The report as one HTML file that needs nothing else: styles, script and chart library are in
/// it, and it is forbidden to load anything.
/// @param times  Shown beside the steps; they differ from run to run, so they are no part of the
///               report.
std::string to_html(const RunReport& report, const std::vector<StepTime>& times);

/// Likewise of a training. Its pictures are in it too.
std::string to_html(const TrainingReport& report);

}  // namespace quern
