#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/data/loader.h"
#include "quern/evaluate/predictor.h"

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
  /// All but the loader's options must live as long as this.
  LogitsRun(const Predictor& network, const Predictor* reference,
            const std::vector<Sample>& samples, const LoaderOptions& loader);

  /// How many batches there are; their index lies below.
  std::size_t batches() const;

  /// Hands every batch to `consume`, several at a time.
  /// @throws Error(kInvalidArgument) if the networks' outputs differ in number; what Predictor and
  ///         for_each_batch throw.
  LoaderReport run(const std::function<void(const LogitsBatch&)>& consume) const;

 private:
  const Predictor& network_;
  const Predictor* reference_;
  const std::vector<Sample>& samples_;
  LoaderOptions loader_;
};

}  // namespace quern
