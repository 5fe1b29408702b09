#include "quern/quantizers/batchnorm_affine.h"

#include <cmath>

namespace quern {

ChannelAffine batchnorm_affine(std::span<const float> gamma, std::span<const float> beta,
                               std::span<const float> mean, std::span<const float> variance,
                               double epsilon) {
  ChannelAffine affine;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double multiplier = gamma[c] / std::sqrt(variance[c] + epsilon);
    affine.multiplier.push_back(static_cast<float>(multiplier));
    affine.offset.push_back(static_cast<float>(beta[c] - mean[c] * multiplier));
  }
  return affine;
}

}  // namespace quern
