#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/ids.h"
#include "quern/quant/spec.h"
#include "quern/quant/threshold_request.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Where a quantizer's scale comes from.
enum class QuantizerKind : std::uint8_t {
  kCalibrated,  ///< Measured by an observer, then fixed.
  kConstant,  ///< Given by the network (the 6 of a ReLU6). Part of its function: a float run still
              ///< clips to the grid's ends, it only does not round.
  kDerived,   ///< A bias: the product of its layer's input scale and weight scale; never stored.

  // What training changes; a trained network's scale is as fixed as a calibrated one.
  kMinMax,  ///< The largest magnitude, on the last code: of a weight in every step anew, of an
            ///< activation a running statistic.
  kLsq,     ///< A learned step (LSQ, arXiv:1902.08153).
  kPact,    ///< A learned clipping threshold (PACT, arXiv:1805.06085); on signed grids ±threshold.
};

/// Whether training changes the scales of such quantizers.
bool is_trainable(QuantizerKind kind);

/// "calibrated", "constant", "derived", "min_max", "lsq", "pact"
std::string_view name(QuantizerKind kind);
/// @throws Error(kParse) for another word.
QuantizerKind quantizer_kind_from(std::string_view name);

/// The step of one or more grids. Quantizers that name the same Scale are equal in scale whatever
/// happens to it, which is what an integer add needs.
struct Scale {
  ScaleId id;
  std::string name;  ///< Unique in the graph.
  std::vector<float>
      values;  ///< One, or one per channel; each > 0 and finite. Empty: not yet known.

  bool operator==(const Scale&) const = default;
};

/// An entry of the graph's quantizer table: one grid. Quant nodes that name the same entry share
/// all of it; entries that name the same Scale share the step but may differ in sign and bits.
struct Quantizer {
  QuantizerId id;
  std::string name;  ///< Unique in the graph.
  QuantizerKind kind = QuantizerKind::kCalibrated;
  QuantSpec spec;
  ScaleId scale;                         ///< None when kDerived.
  ThresholdRequest threshold;            ///< kCalibrated: how the scale is to be found.
  std::vector<std::int32_t> zero_point;  ///< Like Scale::values; empty means 0 everywhere.
  std::array<QuantizerId, 2> factors;    ///< kDerived: the input's and the weight's quantizer.
  std::map<std::string, Tensor> state;   ///< Learned tensors and collection state, by name.

  bool operator==(const Quantizer&) const = default;
};

}  // namespace quern
