#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quern/analysis/layer_groups.h"
#include "quern/data/loader.h"
#include "quern/evaluate/grid_tally.h"
#include "quern/graph/graph.h"

namespace quern {

/// How an activation lies on its grid.
struct ActivationOnGrid {
  GridTally float_values;  ///< As the reference computes them.
  Histogram codes;         ///< As the quantized network computes them, in steps.
};

/// What quantization does to one layer's output. Each figure is 10·log10(Σ y² / Σ (y − ŷ)²), y the
/// reference's value; none where the reference has no such value.
struct LayerError {
  std::optional<double> alone_db;     ///< ŷ: this layer quantized and read from float layers.
  std::optional<double> effect_db;    ///< The same network's error, seen at the logits; on
                                      ///< every fourth picture, as it takes longest.
  std::optional<double> together_db;  ///< ŷ: all layers quantized.
  std::optional<float> low, high;     ///< Ends of the reference's values.
  std::optional<ActivationOnGrid> on_grid;  ///< Where the output has one scale for all channels.
};

struct LayerErrors {
  std::vector<LayerError> layers;   ///< One for each of layer_groups(graph), in that order.
  std::optional<double> output_db;  ///< The whole network's error at the logits.
  std::size_t images = 0;
  std::vector<std::string> skipped;  ///< One sentence per picture left out.
};

/// Runs `samples` through a quantized network and its float reference, layer by layer.
///
/// What each layer alone does to the logits takes one run of all that follows it per layer. These
/// runs share their work: the float pictures and the outputs of the layers passed so far, each from
/// its own layer on, go through the next layer as one growing batch.
///
/// The figures are the same for any number of threads.
/// @param graph      Calibrated, of one input.
/// @param reference  The float network with the same names of layers.
/// @throws Error as Plan and for_each_batch do.
LayerErrors measure_layer_errors(const Graph& graph, const Graph& reference,
                                 const std::vector<Sample>& samples, const LoaderOptions& options);

}  // namespace quern
