#include "quern/pipeline/search_algorithms.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/evaluate/output_reference.h"
#include "quern/pipeline/quantize.h"

namespace quern {
namespace {

/// Each may be the best one: of rounding there is one kind at a time, and a correction helps one
/// network and not the other.
const std::vector<std::vector<std::string>> kCombinations = {
    {}, {"correct_bias"}, {"gptq"}, {"gptq", "correct_bias"}, {"gpfq"}, {"gpfq", "correct_bias"},
};

/// Every fifth picture judges what the others gave.
constexpr std::size_t kHeldBack = 5;

struct Split {
  std::vector<Sample> used;
  std::vector<Sample> held_back;
};

Split split(const std::vector<Sample>& samples) {
  require(samples.size() >= kHeldBack, "a search needs at least {} calibration pictures, got {}",
          kHeldBack, samples.size());
  Split parts;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    (i % kHeldBack == kHeldBack - 1 ? parts.held_back : parts.used).push_back(samples[i]);
  }
  return parts;
}

}  // namespace

SearchReport search_algorithms(const Recipe& recipe) {
  const Split pictures = split(calibration_samples(recipe));
  SearchReport report{.held_back = pictures.held_back.size()};
  Recipe trial = recipe;
  trial.data.validation.clear();
  std::optional<OutputReference> judge;
  for (const std::vector<std::string>& algorithms : kCombinations) {
    const auto start = std::chrono::steady_clock::now();
    trial.ptq.algorithms = algorithms;
    const QuantizeResult result = quantize(trial, pictures.used);
    if (!judge) {
      judge.emplace(result.loaded, pictures.held_back,
                    loader_options(recipe, *result.loaded.preprocessing));
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    report.trials.push_back({algorithms, judge->sqnr_db(result.graph), taken.count()});
    log_info("{}: {:.2f} dB, {:.1f} s",
             algorithms.empty() ? "no algorithm" : fmt::format("{}", fmt::join(algorithms, ", ")),
             report.trials.back().sqnr_db, taken.count());
  }
  std::ranges::stable_sort(report.trials, [](const SearchTrial& a, const SearchTrial& b) {
    return std::tuple(-a.sqnr_db, a.algorithms.size()) <
           std::tuple(-b.sqnr_db, b.algorithms.size());
  });
  return report;
}

}  // namespace quern
