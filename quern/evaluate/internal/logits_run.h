#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/data/loader.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern {

/// Logits of one picture.
std::span<const float> row(const Tensor& logits, std::size_t index);

/// The place of the largest logit, the first of equals.
std::int64_t best(std::span<const float> logits);

/// What one batch of pictures gave.
struct LogitsBatch {
  const Batch& pictures;
  Tensor logits;                    ///< [pictures, outputs], finite.
  std::optional<Tensor> reference;  ///< The same of the reference; as many outputs.
};

/// How far logits are from those of a reference.
struct LogitsError {
  double signal = 0;  ///< Σ ref²
  double noise = 0;   ///< Σ (ref − logit)²

  void add(std::span<const float> logits, std::span<const float> reference);
  LogitsError& operator+=(const LogitsError& other);

  /// 10·log10(signal / noise) (unit: dB), at most 300: JSON has no infinity.
  double sqnr_db() const;
};

/// One network, or two side by side, over a list of pictures.
class LogitsRun {
 public:
  /// All but the samples must live as long as this.
  /// @throws errors of check_is_logits, check_samples_stay_apart and Plan.
  LogitsRun(const Graph& graph, const Graph* reference, const std::vector<Sample>& samples,
            const LoaderOptions& loader);

  /// How many batches there are; their index lies below.
  std::size_t batches() const;

  /// Hands every batch to `consume`, several at a time.
  /// @throws Error(kUnsupported) for an output without a row for each picture, Error(kParse) for
  ///         one that is not finite, Error(kInvalidArgument) if the networks' outputs differ in
  ///         number; what for_each_batch throws.
  LoaderReport run(const std::function<void(const LogitsBatch&)>& consume) const;

 private:
  Tensor logits_of(const Plan& plan, const Batch& batch) const;

  const Graph& graph_;
  const std::vector<Sample>& samples_;
  const Plan plan_;
  std::optional<Plan> reference_;
  LoaderOptions loader_;
};

}  // namespace quern
