#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"
#include "quern/data/loader.h"
#include "quern/evaluate/predictor.h"
#include "quern/graph/graph.h"

namespace quern {

/// How one output's answers and the truth meet. A ratio of nothing to nothing is 0.
struct Confusion {
  std::size_t true_positives = 0;
  std::size_t false_positives = 0;
  std::size_t false_negatives = 0;
  std::size_t true_negatives = 0;

  double precision() const;  ///< Share of the yeses that are right, 0 to 1.
  double recall() const;     ///< Share of the positive pictures that are found, 0 to 1.
  double f1() const;         ///< Harmonic mean of the two, 0 to 1.

  Confusion& operator+=(const Confusion& other);
  bool operator==(const Confusion&) const = default;
};

/// How a network that answers yes or no at several outputs meets a labelled set. Shares lie between
/// 0 and 1.
struct MultiLabelMetrics {
  std::vector<std::string> outputs;
  std::vector<Confusion> confusion;  ///< Per output.
  double macro_f1 = 0;               ///< Mean of the outputs' F1.
  double exact_match = 0;            ///< Share of pictures with every output right.
  double floor_macro_f1 = 0;         ///< What the better of always yes and always no would score: a
                                     ///< network that is not above it has learned nothing.
  std::size_t images = 0;            ///< Pictures counted.
  std::vector<std::string> skipped;  ///< One sentence per picture left out.
  double seconds = 0;                ///< Wall clock, decoding included.
  std::optional<double> sqnr_db;    ///< 10·log10(Σ ref² / Σ (ref − logit)²) over all logits.
  std::optional<double> agreement;  ///< Share of pictures answered as the reference does.
  std::optional<double> reference_macro_f1;  ///< The reference's own.
};

/// Yes where the logit is at least 0: what a bipolar head's +1 and −1 say too.
inline bool says_yes(float logit) { return logit >= 0; }

/// The figures of known answers.
/// @param logits   [pictures, outputs], as many outputs as are named.
/// @param targets  The same shape, 0 or 1.
/// @throws Error(kInvalidArgument) if the sizes differ or there is no output.
MultiLabelMetrics multi_label_metrics(const std::vector<std::string>& outputs,
                                      std::span<const float> logits,
                                      std::span<const std::uint8_t> targets);

/// Runs `graph` over a multi-label set and compares the signs of its first output, [N, outputs] of
/// logits, with the targets. With `reference`, the same pictures run through both networks. The
/// figures do not depend on the number of threads.
/// @throws Error(kInvalidArgument) if the set is not multi-label or has another number of outputs;
///         Error(kUnsupported) for probabilities instead of logits; Error(kParse) for logits that
///         are not finite; errors of Plan and for_each_batch.
MultiLabelMetrics evaluate_multi_label(const Graph& graph, const LabelledSet& set,
                                       const LoaderOptions& loader,
                                       const Graph* reference = nullptr);

/// The same of anything that answers with logits.
MultiLabelMetrics evaluate_multi_label(const Predictor& network, const LabelledSet& set,
                                       const LoaderOptions& loader,
                                       const Predictor* reference = nullptr);

}  // namespace quern
