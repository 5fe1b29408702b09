#pragma once

#include <span>
#include <vector>

namespace quern {

/// A batch norm in inference: x · multiplier + offset per channel, in float32.
struct ChannelAffine {
  std::vector<float> multiplier;
  std::vector<float> offset;
};

/// multiplier = γ / √(σ² + ε), offset = β − μ · multiplier, computed in double and rounded once:
/// the numbers that every run, float, quantized or lowered, takes.
ChannelAffine batchnorm_affine(std::span<const float> gamma, std::span<const float> beta,
                               std::span<const float> mean, std::span<const float> variance,
                               double epsilon);

}  // namespace quern
