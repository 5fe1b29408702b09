#include "quern/evaluate/accuracy.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/sample_mixing.h"
#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/executor/plan.h"

namespace quern {
namespace {

/// What one batch adds to the result.
struct Tally {
  std::size_t images = 0;
  std::size_t top1 = 0;
  std::size_t top5 = 0;
  std::size_t agreeing = 0;
  std::size_t reference_top1 = 0;
  std::size_t reference_top5 = 0;
  double signal = 0;
  double noise = 0;

  Tally& operator+=(const Tally& other) {
    images += other.images;
    top1 += other.top1;
    top5 += other.top5;
    agreeing += other.agreeing;
    reference_top1 += other.reference_top1;
    reference_top5 += other.reference_top5;
    signal += other.signal;
    noise += other.noise;
    return *this;
  }
};

/// Logits of one picture.
std::span<const float> row(const Tensor& logits, std::size_t index) {
  const auto classes = static_cast<std::size_t>(logits.shape().at(1));
  return logits.data<float>().subspan(index * classes, classes);
}

std::int64_t best(std::span<const float> logits) {
  return std::ranges::max_element(logits) - logits.begin();
}

void check_logits(const Graph& graph, const Tensor& logits, std::size_t pictures) {
  const std::string& output = graph.value(graph.outputs().at(0)).name;
  if (logits.dtype() != DType::kFloat32 || logits.rank() != 2 ||
      std::cmp_not_equal(logits.shape()[0], pictures)) {
    fail(ErrorCode::kUnsupported,
         "the output '{}' has the shape {} for {} pictures, expected a row of logits for each",
         output, to_string(logits.shape()), pictures);
  }
  if (!std::ranges::all_of(logits.data<float>(), [](float x) { return std::isfinite(x); })) {
    fail(ErrorCode::kParse, "the output '{}' is not finite", output);
  }
}

void compare(std::span<const float> logits, std::span<const float> reference, Tally& tally) {
  require(logits.size() == reference.size(), "the reference has {} classes, the model {}",
          reference.size(), logits.size());
  tally.agreeing += best(logits) == best(reference) ? 1 : 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double error = double{reference[i]} - double{logits[i]};
    tally.signal += double{reference[i]} * double{reference[i]};
    tally.noise += error * error;
  }
}

/// One network, or two side by side, over a list.
class Evaluation {
 public:
  Evaluation(const Graph& graph, const Graph* reference, const std::vector<Sample>& samples,
             const EvaluateOptions& options)
      : graph_(graph),
        samples_(samples),
        options_(options),
        plan_(graph),
        progress_("evaluating", samples.size()) {
    check_is_logits(graph);
    check_samples_stay_apart(graph);
    if (reference != nullptr) {
      check_is_logits(*reference);
      check_samples_stay_apart(*reference);
      reference_.emplace(*reference);
    }
    const std::int64_t of_reference = reference_ ? reference_->bytes_per_sample() : 0;
    loader_ = within_memory(options.loader, std::max(plan_.bytes_per_sample(), of_reference));
    tallies_.resize(batch_count(samples.size(), loader_));
  }

  LoaderReport run() {
    return for_each_batch(samples_, loader_, [&](int, const Batch& batch) { add(batch); });
  }

  /// Batches are added in list order, whatever order they were finished in.
  Tally total() const {
    Tally total;
    for (const Tally& tally : tallies_) total += tally;
    return total;
  }

 private:
  void add(const Batch& batch) {
    const Tensor logits = plan_.run({batch.images}).at(0);
    check_logits(graph_, logits, batch.samples.size());
    Tally& tally = tallies_.at(batch.index);
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      const std::int64_t rank = rank_of(row(logits, i), label(batch.samples[i], logits));
      tally.images += 1;
      tally.top1 += rank < 1 ? 1 : 0;
      tally.top5 += rank < 5 ? 1 : 0;
    }
    if (reference_) {
      const Tensor expected = reference_->run({batch.images}).at(0);
      check_logits(graph_, expected, batch.samples.size());
      for (std::size_t i = 0; i < batch.samples.size(); ++i) {
        compare(row(logits, i), row(expected, i), tally);
        const std::int64_t rank = rank_of(row(expected, i), label(batch.samples[i], expected));
        tally.reference_top1 += rank < 1 ? 1 : 0;
        tally.reference_top5 += rank < 5 ? 1 : 0;
      }
    }
    progress_.advance(batch.samples.size());
  }

  std::int64_t label(std::size_t index, const Tensor& logits) const {
    const Sample& sample = samples_.at(index);
    const std::int64_t classes = logits.shape().at(1);
    const std::int64_t label = sample.label + options_.label_offset;
    if (sample.label < 0) fail(ErrorCode::kParse, "{} has no label", sample.path.string());
    if (label < 0 || label >= classes) {
      fail(ErrorCode::kParse, "{} has the label {}, expected 0 to {} (label offset {})",
           sample.path.string(), sample.label, classes - 1, options_.label_offset);
    }
    return label;
  }

  const Graph& graph_;
  const std::vector<Sample>& samples_;
  const EvaluateOptions& options_;
  const Plan plan_;
  std::optional<Plan> reference_;
  LoaderOptions loader_;
  std::vector<Tally> tallies_;
  Progress progress_;
};

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::int64_t rank_of(std::span<const float> logits, std::int64_t label) {
  const float own = logits[static_cast<std::size_t>(label)];
  std::int64_t rank = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool is_lower_class = static_cast<std::int64_t>(i) < label;
    rank += logits[i] > own || (logits[i] == own && is_lower_class) ? 1 : 0;
  }
  return rank;
}

Accuracy evaluate_accuracy(const Graph& graph, const std::vector<Sample>& samples,
                           const EvaluateOptions& options, const Graph* reference) {
  const auto start = std::chrono::steady_clock::now();
  Evaluation evaluation(graph, reference, samples, options);
  const LoaderReport loaded = evaluation.run();
  const Tally total = evaluation.total();
  if (total.images == 0) fail(ErrorCode::kParse, "no picture of the list could be read");

  Accuracy accuracy;
  accuracy.top1 = percent(total.top1, total.images);
  accuracy.top5 = percent(total.top5, total.images);
  accuracy.images = total.images;
  accuracy.skipped = loaded.skipped;
  if (reference != nullptr) {
    accuracy.agreement = percent(total.agreeing, total.images);
    accuracy.reference_top1 = percent(total.reference_top1, total.images);
    accuracy.reference_top5 = percent(total.reference_top5, total.images);
    // Equal logits have no noise; JSON has no infinity, so the ratio is capped at what doubles
    // show.
    const double ratio = total.noise > 0 ? total.signal / total.noise : 1e30;
    accuracy.sqnr_db = 10.0 * std::log10(std::clamp(ratio, 1e-30, 1e30));
  }
  accuracy.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return accuracy;
}

}  // namespace quern
