#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/data/image_list.h"
#include "quern/data/loader.h"
#include "quern/evaluate/predictor.h"
#include "quern/graph/graph.h"

namespace quern {

struct EvaluateOptions {
  LoaderOptions loader;
  std::int64_t label_offset = 0;  ///< Added to every label of the list: −1 where class 0 is "none".
};

/// How a network answers a labelled list, and how near its logits are to those of a reference.
struct Accuracy {
  double top1 = 0;                   ///< Percent of pictures whose label has the largest logit.
  double top5 = 0;                   ///< Percent whose label is among the five largest.
  std::size_t images = 0;            ///< Pictures counted.
  std::vector<std::string> skipped;  ///< One sentence per picture left out.
  double seconds = 0;                ///< Wall clock, decoding included.
  std::optional<double> sqnr_db;    ///< 10·log10(Σ ref² / Σ (ref − logit)²) over all logits.
  std::optional<double> agreement;  ///< Percent of pictures with the reference's top-1 answer.
  std::optional<double> reference_top1;  ///< The reference's own.
  std::optional<double> reference_top5;  ///< Likewise.
};

/// Runs `graph` over `samples` and compares its first output, [N, classes], with their labels;
/// among equal logits the lower class is the better answer. With `reference`, the same pictures run
/// through both networks. The figures do not depend on the number of threads.
///
/// @throws Error(kParse) naming the picture whose label is missing or out of range, or the layer
///         whose logits are not finite; errors of Plan and for_each_batch.
Accuracy evaluate_accuracy(const Graph& graph, const std::vector<Sample>& samples,
                           const EvaluateOptions& options, const Graph* reference = nullptr);

/// The same of anything that answers with logits. `seconds` does not contain its making.
Accuracy evaluate_accuracy(const Predictor& network, const std::vector<Sample>& samples,
                           const EvaluateOptions& options, const Predictor* reference = nullptr);

/// The position of class `label` when classes are sorted by falling logit, from 0.
std::int64_t rank_of(std::span<const float> logits, std::int64_t label);

}  // namespace quern
