#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"
#include "quern/graph/graph.h"
#include "quern/pipeline/validation.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// What a report of a training is made of.
struct TrainingReportRequest {
  const Recipe& recipe;
  const LabelledSet& training;
  const Validation& validation;
  const std::vector<std::string>& epochs;  ///< A JSON object for each, as metrics.jsonl has them.
  const Graph& best;                       ///< The network of the best epoch.
  std::vector<std::string> notes;
};

/// Writes RUN/report/index.html and report.json: how the losses and metrics went, how the best
/// network answers, and `report.pictures` of its worst mistakes as thumbnails. @return what was
/// written; nothing where the recipe wants no report.
/// @throws Error(kIo) naming what can not be written; errors of Validation.
std::vector<std::filesystem::path> write_training_report(const std::filesystem::path& run,
                                                         const TrainingReportRequest& request);

}  // namespace quern
