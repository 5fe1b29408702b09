#include "quern/evaluate/internal/logits_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/sample_mixing.h"
#include "quern/base/error.h"
#include "quern/base/progress.h"

namespace quern {
namespace {

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

}  // namespace

std::span<const float> row(const Tensor& logits, std::size_t index) {
  const auto outputs = static_cast<std::size_t>(logits.shape().at(1));
  return logits.data<float>().subspan(index * outputs, outputs);
}

std::int64_t best(std::span<const float> logits) {
  return std::ranges::max_element(logits) - logits.begin();
}

void LogitsError::add(std::span<const float> logits, std::span<const float> reference) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double error = double{reference[i]} - double{logits[i]};
    signal += double{reference[i]} * double{reference[i]};
    noise += error * error;
  }
}

LogitsError& LogitsError::operator+=(const LogitsError& other) {
  signal += other.signal;
  noise += other.noise;
  return *this;
}

double LogitsError::sqnr_db() const {
  const double ratio = noise > 0 ? signal / noise : 1e30;
  return 10.0 * std::log10(std::clamp(ratio, 1e-30, 1e30));
}

LogitsRun::LogitsRun(const Graph& graph, const Graph* reference, const std::vector<Sample>& samples,
                     const LoaderOptions& loader)
    : graph_(graph), samples_(samples), plan_(graph) {
  check_is_logits(graph);
  check_samples_stay_apart(graph);
  if (reference != nullptr) {
    check_is_logits(*reference);
    check_samples_stay_apart(*reference);
    reference_.emplace(*reference);
  }
  const std::int64_t of_reference = reference_ ? reference_->bytes_per_sample() : 0;
  loader_ = within_memory(loader, std::max(plan_.bytes_per_sample(), of_reference));
}

std::size_t LogitsRun::batches() const { return batch_count(samples_.size(), loader_); }

Tensor LogitsRun::logits_of(const Plan& plan, const Batch& batch) const {
  Tensor logits = plan.run({batch.images}).at(0);
  check_logits(graph_, logits, batch.samples.size());
  return logits;
}

LoaderReport LogitsRun::run(const std::function<void(const LogitsBatch&)>& consume) const {
  Progress progress("evaluating", samples_.size());
  return for_each_batch(samples_, loader_, [&](int, const Batch& batch) {
    LogitsBatch answers{.pictures = batch, .logits = logits_of(plan_, batch), .reference = {}};
    if (reference_) {
      answers.reference = logits_of(*reference_, batch);
      require(answers.reference->shape() == answers.logits.shape(),
              "the reference has {} classes, the model {}", answers.reference->shape()[1],
              answers.logits.shape()[1]);
    }
    consume(answers);
    progress.advance(batch.samples.size());
  });
}

}  // namespace quern
