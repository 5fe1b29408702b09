#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "quern/pipeline/quantize.h"
#include "quern/recipe/recipe.h"
#include "quern/report/run_report.h"

namespace quern {

/// RUN/report/index.html
std::filesystem::path report_page(const std::filesystem::path& run);

/// Measures a run's result on `report.pictures` of the validation pictures, else of the calibration
/// pictures, spread over the list. Nothing where the recipe wants no report.
/// @throws errors of measure_report.
std::optional<RunReport> report_of(const Recipe& recipe, const QuantizeResult& result);

/// Writes RUN/report/: index.html, report.json and the tables layers.csv, steps.csv, summary.csv.
/// @return what was written. @throws Error(kIo) naming what can not be written.
std::vector<std::filesystem::path> write_report(const std::filesystem::path& run,
                                                const RunReport& report,
                                                const std::vector<StageTime>& stages);

/// Takes away what an older run in the folder reported, which would speak of another network.
void remove_report(const std::filesystem::path& run);

/// Writes RUN/report/index.html and the tables again, or the page of a training alone, from
/// RUN/report/report.json and the times in RUN/manifest.json. @return what was written.
/// @throws Error(kIo) naming what can not be read or written; Error(kParse) naming the file that is
///         no report or no manifest.
std::vector<std::filesystem::path> rewrite_report(const std::filesystem::path& run);

}  // namespace quern
