#pragma once

#include <array>
#include <optional>

#include "quern/graph/graph.h"
#include "quern/graph/preprocessing.h"

namespace quern {

/// What a user says about preprocessing; the rest is left to the model.
struct PreprocessingChoice {
  std::optional<int> resize;  ///< 0: as decoded.
  std::optional<int> crop;
  std::optional<double> central_crop;
  std::optional<bool> stretch;
  std::optional<double> scale;
  std::optional<std::array<double, 3>> mean;
  std::optional<std::array<double, 3>> std;
  std::optional<bool> bgr;

  bool operator==(const PreprocessingChoice&) const = default;
};

/// The choice on top of what the model recorded, which stands on top of the defaults of
/// Preprocessing. A crop that neither names is the side of the model's input, from the short side
/// that default_resize gives it.
/// @throws Error(kInvalidArgument) where crop and the model's input disagree or a value is outside
///         its domain; kUnsupported if the model does not read one square picture of three
///         channels.
Preprocessing resolve(const PreprocessingChoice& choice, const Graph& graph);

}  // namespace quern
