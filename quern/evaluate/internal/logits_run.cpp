#include "quern/evaluate/internal/logits_run.h"

#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "quern/base/progress.h"

namespace quern {
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

LogitsRun::LogitsRun(const Predictor& network, const Predictor* reference,
                     const std::vector<Sample>& samples, const LoaderOptions& loader)
    : network_(network), reference_(reference), samples_(samples) {
  const std::int64_t of_reference = reference != nullptr ? reference->bytes_per_sample() : 0;
  loader_ = within_memory(loader, std::max(network.bytes_per_sample(), of_reference));
}

std::size_t LogitsRun::batches() const { return batch_count(samples_.size(), loader_); }

LoaderReport LogitsRun::run(const std::function<void(const LogitsBatch&)>& consume) const {
  Progress progress("evaluating", samples_.size());
  return for_each_batch(samples_, loader_, [&](int, const Batch& batch) {
    LogitsBatch answers{.pictures = batch, .logits = network_.logits(batch), .reference = {}};
    if (reference_ != nullptr) {
      answers.reference = reference_->logits(batch);
      require(answers.reference->shape() == answers.logits.shape(),
              "the reference has {} classes, the model {}", answers.reference->shape()[1],
              answers.logits.shape()[1]);
    }
    consume(answers);
    progress.advance(batch.samples.size());
  });
}

}  // namespace quern
