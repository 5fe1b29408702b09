#include "quern/evaluate/multi_label.h"

#include <algorithm>
#include <chrono>

#include "quern/base/error.h"
#include "quern/evaluate/internal/logits_run.h"

namespace quern {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

double macro_f1(const std::vector<Confusion>& confusion) {
  double sum = 0;
  for (const Confusion& output : confusion) sum += output.f1();
  return ratio(sum, static_cast<double>(confusion.size()));
}

/// The macro F1 of one answer to everything.
double constant_macro_f1(const std::vector<Confusion>& confusion, bool yes) {
  std::vector<Confusion> constant;
  for (const Confusion& output : confusion) {
    const std::size_t positives = output.true_positives + output.false_negatives;
    const std::size_t negatives = output.false_positives + output.true_negatives;
    constant.push_back(yes ? Confusion{.true_positives = positives, .false_positives = negatives}
                           : Confusion{.false_negatives = positives, .true_negatives = negatives});
  }
  return macro_f1(constant);
}

/// What some pictures add to the figures.
struct Tally {
  explicit Tally(std::size_t outputs = 0) : confusion(outputs) {}

  std::vector<Confusion> confusion;
  std::size_t images = 0;
  std::size_t exact = 0;

  void add(std::span<const float> logits, std::span<const std::uint8_t> targets) {
    bool all_right = true;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const bool yes = says_yes(logits[i]);
      const bool is_positive = targets[i] != 0;
      Confusion& output = confusion[i];
      auto& count = yes ? (is_positive ? output.true_positives : output.false_positives)
                        : (is_positive ? output.false_negatives : output.true_negatives);
      count += 1;
      all_right = all_right && yes == is_positive;
    }
    images += 1;
    exact += all_right ? 1 : 0;
  }

  Tally& operator+=(const Tally& other) {
    for (std::size_t i = 0; i < confusion.size(); ++i) confusion[i] += other.confusion[i];
    images += other.images;
    exact += other.exact;
    return *this;
  }

  MultiLabelMetrics metrics(const std::vector<std::string>& outputs) const {
    MultiLabelMetrics metrics;
    metrics.outputs = outputs;
    metrics.confusion = confusion;
    metrics.macro_f1 = macro_f1(confusion);
    metrics.exact_match = ratio(static_cast<double>(exact), static_cast<double>(images));
    metrics.floor_macro_f1 =
        std::max(constant_macro_f1(confusion, true), constant_macro_f1(confusion, false));
    metrics.images = images;
    return metrics;
  }
};

/// What one batch adds, with what compares it to the reference.
struct BatchTally {
  Tally own;
  Tally reference;
  std::size_t agreeing = 0;
  LogitsError error;
};

bool answer_alike(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b, {}, says_yes, says_yes);
}

BatchTally tally_of(const LogitsBatch& batch, const LabelledSet& set) {
  const std::size_t outputs = set.outputs.size();
  require(std::cmp_equal(batch.logits.shape()[1], outputs),
          "the network has {} outputs, the data set {}", batch.logits.shape()[1], outputs);
  BatchTally tally{.own = Tally(outputs), .reference = Tally(outputs)};
  for (std::size_t i = 0; i < batch.pictures.samples.size(); ++i) {
    const auto targets = set.targets_of(batch.pictures.samples[i]);
    tally.own.add(row(batch.logits, i), targets);
    if (!batch.reference) continue;
    tally.reference.add(row(*batch.reference, i), targets);
    tally.agreeing += answer_alike(row(batch.logits, i), row(*batch.reference, i)) ? 1 : 0;
    tally.error.add(row(batch.logits, i), row(*batch.reference, i));
  }
  return tally;
}

/// A probability is never below 0: every answer would be yes.
void check_gives_logits(const Graph& graph) {
  const Node* const last = graph.producer(graph.outputs().at(0));
  if (last == nullptr || (last->op != "Sigmoid" && last->op != "Softmax")) return;
  fail(ErrorCode::kUnsupported,
       "the output of {} '{}' is a probability; expected logits, which are at least 0 for yes",
       last->op, last->layer);
}

}  // namespace

double Confusion::precision() const {
  return ratio(static_cast<double>(true_positives),
               static_cast<double>(true_positives + false_positives));
}

double Confusion::recall() const {
  return ratio(static_cast<double>(true_positives),
               static_cast<double>(true_positives + false_negatives));
}

double Confusion::f1() const {
  return ratio(static_cast<double>(2 * true_positives),
               static_cast<double>(2 * true_positives + false_positives + false_negatives));
}

Confusion& Confusion::operator+=(const Confusion& other) {
  true_positives += other.true_positives;
  false_positives += other.false_positives;
  false_negatives += other.false_negatives;
  true_negatives += other.true_negatives;
  return *this;
}

MultiLabelMetrics multi_label_metrics(const std::vector<std::string>& outputs,
                                      std::span<const float> logits,
                                      std::span<const std::uint8_t> targets) {
  const std::size_t width = outputs.size();
  require(width > 0 && logits.size() == targets.size() && logits.size() % width == 0,
          "{} logits and {} targets of {} outputs do not belong together", logits.size(),
          targets.size(), width);
  Tally tally(width);
  for (std::size_t begin = 0; begin < logits.size(); begin += width) {
    tally.add(logits.subspan(begin, width), targets.subspan(begin, width));
  }
  return tally.metrics(outputs);
}

MultiLabelMetrics evaluate_multi_label(const Graph& graph, const LabelledSet& set,
                                       const LoaderOptions& loader, const Graph* reference) {
  check_gives_logits(graph);
  const std::unique_ptr<Predictor> network = predictor(graph);
  const std::unique_ptr<Predictor> other = reference != nullptr ? predictor(*reference) : nullptr;
  return evaluate_multi_label(*network, set, loader, other.get());
}

MultiLabelMetrics evaluate_multi_label(const Predictor& network, const LabelledSet& set,
                                       const LoaderOptions& loader, const Predictor* reference) {
  const auto start = std::chrono::steady_clock::now();
  require(set.is_multi_label(), "the data set has one class a picture, expected several outputs");
  const LogitsRun networks(network, reference, set.samples, loader);
  std::vector<BatchTally> tallies(networks.batches());
  const LoaderReport loaded = networks.run(
      [&](const LogitsBatch& batch) { tallies.at(batch.pictures.index) = tally_of(batch, set); });
  // In the set's order, whatever order batches were finished in; a batch may have been skipped.
  BatchTally total{.own = Tally(set.outputs.size()), .reference = Tally(set.outputs.size())};
  for (const BatchTally& tally : tallies) {
    if (tally.own.images == 0) continue;
    total.own += tally.own;
    total.reference += tally.reference;
    total.agreeing += tally.agreeing;
    total.error += tally.error;
  }
  MultiLabelMetrics metrics = total.own.metrics(set.outputs);
  metrics.skipped = loaded.skipped;
  if (reference != nullptr) {
    metrics.sqnr_db = total.error.sqnr_db();
    metrics.agreement =
        ratio(static_cast<double>(total.agreeing), static_cast<double>(metrics.images));
    metrics.reference_macro_f1 = total.reference.metrics(set.outputs).macro_f1;
  }
  metrics.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return metrics;
}

}  // namespace quern
