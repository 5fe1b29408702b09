#include "quern/evaluate/accuracy.h"

#include <chrono>

#include "quern/base/error.h"
#include "quern/evaluate/internal/logits_run.h"

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
  LogitsError error;

  Tally& operator+=(const Tally& other) {
    images += other.images;
    top1 += other.top1;
    top5 += other.top5;
    agreeing += other.agreeing;
    reference_top1 += other.reference_top1;
    reference_top5 += other.reference_top5;
    error += other.error;
    return *this;
  }
};

/// The label of a sample as the network counts. @throws Error(kParse) if it has none in range.
std::int64_t label_of(const Sample& sample, std::int64_t offset, std::int64_t classes) {
  const std::int64_t label = sample.label + offset;
  if (sample.label < 0) fail(ErrorCode::kParse, "{} has no label", sample.path.string());
  if (label < 0 || label >= classes) {
    fail(ErrorCode::kParse, "{} has the label {}, expected 0 to {} (label offset {})",
         sample.path.string(), sample.label, classes - 1, offset);
  }
  return label;
}

Tally tally_of(const LogitsBatch& batch, const std::vector<Sample>& samples, std::int64_t offset) {
  Tally tally;
  for (std::size_t i = 0; i < batch.pictures.samples.size(); ++i) {
    const auto logits = row(batch.logits, i);
    const std::int64_t label = label_of(samples.at(batch.pictures.samples[i]), offset,
                                        static_cast<std::int64_t>(logits.size()));
    const std::int64_t rank = rank_of(logits, label);
    tally.images += 1;
    tally.top1 += rank < 1 ? 1 : 0;
    tally.top5 += rank < 5 ? 1 : 0;
    if (!batch.reference) continue;
    const auto reference = row(*batch.reference, i);
    tally.agreeing += best(logits) == best(reference) ? 1 : 0;
    const std::int64_t reference_rank = rank_of(reference, label);
    tally.reference_top1 += reference_rank < 1 ? 1 : 0;
    tally.reference_top5 += reference_rank < 5 ? 1 : 0;
    tally.error.add(logits, reference);
  }
  return tally;
}

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
  const std::unique_ptr<Predictor> network = predictor(graph);
  const std::unique_ptr<Predictor> other = reference != nullptr ? predictor(*reference) : nullptr;
  return evaluate_accuracy(*network, samples, options, other.get());
}

Accuracy evaluate_accuracy(const Predictor& network, const std::vector<Sample>& samples,
                           const EvaluateOptions& options, const Predictor* reference) {
  const auto start = std::chrono::steady_clock::now();
  const LogitsRun networks(network, reference, samples, options.loader);
  std::vector<Tally> tallies(networks.batches());
  const LoaderReport loaded = networks.run([&](const LogitsBatch& batch) {
    tallies.at(batch.pictures.index) = tally_of(batch, samples, options.label_offset);
  });
  Tally total;  // In list order, whatever order batches were finished in.
  for (const Tally& tally : tallies) total += tally;
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
    accuracy.sqnr_db = total.error.sqnr_db();
  }
  accuracy.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return accuracy;
}

}  // namespace quern
