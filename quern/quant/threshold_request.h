#pragma once

#include <optional>
#include <string>

namespace quern {

/// How the threshold of a calibrated grid is to be found. What is absent is the setting of the
/// whole network. A request: the answer is a scale.
struct ThresholdRequest {
  std::optional<std::string> method = {};  ///< An observer of an activation, the method of a
                                           ///< weight: "mse".
  std::optional<double> percentile = {};   ///< Only of the method "percentile" (unit: percent).

  bool operator==(const ThresholdRequest&) const = default;
};

}  // namespace quern
