#include "quern/pipeline/search_algorithms.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/evaluate/output_reference.h"
#include "quern/pipeline/quantize.h"

namespace quern {
namespace {

/// What is run. The network is judged after every algorithm, so that each beginning of a list is a
/// trial of its own: a correction helps one network and not the other.
const std::vector<std::vector<std::string>> kRuns = {
    {"correct_bias"}, {"gptq", "correct_bias"}, {"gpfq", "correct_bias"}};

/// What takes minutes, where the best of the others leaves an error above a tenth of the outputs.
const std::vector<std::string> kThoroughRun = {"adaround"};
constexpr double kGoodEnough = 20;  // unit: dB

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

/// What a run had taken when this step was done.
double seconds_until(const QuantizeResult& result, const std::string& step) {
  double seconds = 0;
  for (const StageTime& stage : result.stages) {
    seconds += stage.seconds;
    if (stage.stage == step) break;
  }
  return seconds;
}

class Search {
 public:
  explicit Search(const Recipe& recipe)
      : pictures_(split(calibration_samples(recipe))), recipe_(recipe) {
    recipe_.data.validation.clear();
    recipe_.report.pictures = 0;
  }

  /// Runs algorithms and judges the network after each. Where they fail, that is their trial.
  void run(const std::vector<std::string>& algorithms) {
    try {
      judge_all(algorithms);
    } catch (const Error& error) {
      if (algorithms.empty()) throw;  // No algorithm is to blame.
      log_warning("{}: {}", fmt::join(algorithms, ", "), error.what());
      trials_.push_back({.algorithms = algorithms, .sqnr_db = kFailed, .failure = error.what()});
      if (!judge_) run({});
    }
  }

  double best_db() const { return std::ranges::max(trials_, {}, &SearchTrial::sqnr_db).sqnr_db; }

  SearchReport report() && {
    std::ranges::stable_sort(trials_, [](const SearchTrial& a, const SearchTrial& b) {
      return std::tuple(!a.failure.empty(), -a.sqnr_db, a.algorithms.size()) <
             std::tuple(!b.failure.empty(), -b.sqnr_db, b.algorithms.size());
    });
    return {std::move(trials_), pictures_.held_back.size()};
  }

 private:
  static constexpr double kFailed = -std::numeric_limits<double>::infinity();

  void judge_all(const std::vector<std::string>& algorithms) {
    recipe_.ptq.algorithms = algorithms;
    const QuantizeResult result = quantize(recipe_, pictures_.used);
    if (!judge_) {
      judge_.emplace(result.loaded, pictures_.held_back,
                     loader_options(recipe_, *result.loaded.preprocessing));
    }
    SearchTrial trial;
    for (const QuantizeStep& step : result.steps) {
      trial.seconds = seconds_until(result, step.name);
      if (step.name != "calibrate") trial.algorithms.push_back(step.name);
      if (!step.graph.nodes_of("Quant").empty()) judge(step.graph, trial);
    }
  }

  void judge(const Graph& graph, SearchTrial trial) {
    if (std::ranges::find(trials_, trial.algorithms, &SearchTrial::algorithms) != trials_.end()) {
      return;  // Lists of algorithms begin alike.
    }
    trial.sqnr_db = judge_->sqnr_db(graph);
    log_info("{}: {:.2f} dB, {:.1f} s", name(trial), trial.sqnr_db, trial.seconds);
    trials_.push_back(std::move(trial));
  }

  Split pictures_;
  Recipe recipe_;
  std::optional<OutputReference> judge_;
  std::vector<SearchTrial> trials_;
};

}  // namespace

std::string name(const SearchTrial& trial) {
  return trial.algorithms.empty() ? "no algorithm"
                                  : fmt::format("{}", fmt::join(trial.algorithms, ", "));
}

SearchReport search_algorithms(const Recipe& recipe) {
  Search search(recipe);
  for (const std::vector<std::string>& algorithms : kRuns) search.run(algorithms);
  if (search.best_db() < kGoodEnough) search.run(kThoroughRun);
  return std::move(search).report();
}

}  // namespace quern
