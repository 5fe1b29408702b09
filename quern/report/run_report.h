#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quern {

/// What a report of a quantization says, as plain numbers: all that is written as JSON, as CSV and
/// as a page. Ratios of signal to noise (…_db) are 10·log10(Σ y² / Σ (y − ŷ)²), from −300 to 300;
/// shares go from 0 to 1. A figure that was not measured, or does not apply, is absent.

/// Counts of values in bins of equal width; the outer bins also hold what lies beyond.
struct Bins {
  double low = 0;    ///< Lower end of the first bin (unit: steps of the grid, that is, codes).
  double width = 1;  ///< Of one bin (unit: codes).
  std::vector<std::uint64_t> counts;

  bool operator==(const Bins&) const = default;
};

/// A grid and how a tensor lies on it.
struct GridFigures {
  std::string grid;  ///< "int4 narrow per_channel"
  std::string kind;  ///< "calibrated", "constant", "derived", "min_max", "lsq", "pact"
  int bits = 0;
  std::int64_t qmin = 0, qmax = 0;       ///< The outermost codes.
  std::int64_t scales = 1;               ///< 1, or as many as there are channels.
  double scale_low = 0, scale_high = 0;  ///< The smallest and the largest.
  double range_low = 0, range_high = 0;  ///< What the outermost codes stand for, at most.
  double value_low = 0, value_high = 0;  ///< Of the float tensor.
  std::optional<double> clipped;         ///< Share of the float values beyond those ends.
  std::optional<double> sqnr_db;         ///< Of rounding the float values to this grid.
  std::optional<Bins> before;            ///< The float values.
  std::optional<Bins> after;             ///< What the quantized network holds.

  bool operator==(const GridFigures&) const = default;
};

/// One layer: what computes, and what follows up to its Quant.
struct LayerFigures {
  std::string layer;
  std::string op;                         ///< "Conv"
  std::string kind;                       ///< "3×3 depthwise, stride 2"; may be empty.
  std::string output_shape;               ///< "[N, 32, 112, 112]"
  std::string weight_shape;               ///< Empty without one.
  std::vector<std::int64_t> inputs;       ///< Layers that it reads: positions in the list.
  std::int64_t macs = 0;                  ///< Of one picture.
  std::int64_t weights = 0;               ///< Elements of the weight.
  std::optional<GridFigures> weight;      ///< Absent where it stays float.
  std::optional<GridFigures> activation;  ///< Of its output; likewise.
  std::optional<double> weight_sqnr_db;   ///< The final weight against the float one.
  std::optional<double> alone_db;         ///< Its output, this layer alone quantized.
  std::optional<double> effect_db;        ///< The logits, this layer alone quantized.
  std::optional<double> together_db;      ///< Its output, all layers quantized.

  bool operator==(const LayerFigures&) const = default;
};

/// What one algorithm did to one layer.
struct LayerChange {
  std::string layer;
  std::optional<double> codes_changed;                  ///< Share of the weight's codes.
  std::optional<double> sqnr_before_db, sqnr_after_db;  ///< Of the weight against the float one.
  /// What multiplied the elements of a float weight and the factors of channels behind it: the
  /// smallest and the largest. Equalization.
  std::optional<double> factor_low, factor_high;
  std::optional<double> range_before, range_after;  ///< The largest |w| of a float weight.
  std::optional<double> bias_shift;                 ///< Root of the mean square over the channels.
  std::optional<double> weight_scale;  ///< Largest factor of a scale, up or down; ≥ 1.
  std::optional<double> output_scale;  ///< Likewise of the output's grid.

  bool operator==(const LayerChange&) const = default;
};

/// A step of the run, after which the network was looked at.
struct StepFigures {
  std::string name;                 ///< "calibrate", "gptq"
  std::optional<double> output_db;  ///< The logits after it.
  std::vector<LayerChange> changes;
  std::vector<std::string> notes;

  bool operator==(const StepFigures&) const = default;
};

/// One way to count right answers.
struct MetricFigures {
  std::string name;                 ///< "top-1"; "smoke, precision"
  double quantized = 0;             ///< Of the quantized network (unit: percent).
  std::optional<double> reference;  ///< Of the float one (unit: percent).

  bool operator==(const MetricFigures&) const = default;
};

/// Accuracy on the validation pictures.
struct AccuracyFigures {
  std::int64_t images = 0;
  std::vector<MetricFigures> metrics;  ///< The first is the one that networks are compared by.
  std::optional<double> floor;  ///< What one answer to all pictures scores by it (unit: percent).
  std::optional<double> agreement;  ///< Pictures on which both say the same (unit: percent).
  std::optional<double> sqnr_db;    ///< Of the logits.

  bool operator==(const AccuracyFigures&) const = default;
};

/// A name and what it was set to, in words.
struct Setting {
  std::string name, value;

  bool operator==(const Setting&) const = default;
};

struct RunReport {
  int version = 1;
  std::string network;
  std::vector<Setting> settings;
  std::int64_t calibration_images = 0;
  std::int64_t report_images = 0;  ///< Measured on for the errors below.
  bool is_held_back = false;       ///< Whether the algorithms saw none of those.
  std::int64_t quantizers = 0;
  std::int64_t weight_bits = 0;     ///< Of all weights together, as they would be packed.
  std::int64_t weights = 0;         ///< Elements.
  std::optional<double> output_db;  ///< The logits against float, on those pictures.
  std::optional<AccuracyFigures> accuracy;
  std::vector<StepFigures> steps;
  std::vector<LayerFigures> layers;  ///< In schedule order.
  std::vector<std::string> notes;

  bool operator==(const RunReport&) const = default;
};

}  // namespace quern
