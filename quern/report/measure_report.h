#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "quern/data/loader.h"
#include "quern/graph/graph.h"
#include "quern/report/run_report.h"

namespace quern {

/// The network after a step of the run.
struct ReportStep {
  std::string name;
  Graph graph;
  std::vector<std::string> notes;
};

/// What a report is made of.
struct ReportRequest {
  std::string network;
  std::vector<Setting> settings;
  Graph loaded;  ///< The float network: what the outputs are held against.
  /// Those that changed the float network, then at least one calibrated. The weights of the first
  /// calibrated one are still float in front of their Quants: layers are held against it. The last
  /// is the result.
  std::vector<ReportStep> steps;
  std::vector<Sample> samples;  ///< Pictures that errors are measured on.
  bool is_held_back = false;    ///< Whether the algorithms saw none of those.
  LoaderOptions loader;
  std::size_t calibration_images = 0;
  std::optional<AccuracyFigures> accuracy;
  std::vector<std::string> notes;
};

/// Measures everything that a report says. The same for any number of threads.
/// @throws Error(kInvalidArgument) without a calibrated step; errors of measure_layer_errors.
RunReport measure_report(const ReportRequest& request);

}  // namespace quern
