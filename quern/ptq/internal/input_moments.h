#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "quern/base/parallel.h"
#include "quern/executor/plan.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// Second moments of a layer's input columns over all pictures, means over columns, in float64.
struct InputMoments {
  at::Tensor quantized;  ///< E[x̂ x̂ᵀ], [groups, inputs, inputs].
  at::Tensor mixed;  ///< E[x̂ xᵀ] with x of the float network; undefined where not asked for.
};

/// Sums them lane by lane. Inputs may be of any magnitude; infinite ones give moments that are not
/// finite.
class MomentSums {
 public:
  explicit MomentSums(const WeightedLayer& layer) : layer_(layer) {}

  /// A batch of the layer's input, and, where moments are mixed, that of the float network.
  void add(std::size_t lane, const TensorView& quantized, const TensorView* real = nullptr);

  InputMoments moments() const;

 private:
  struct Lane {
    at::Tensor quantized;
    at::Tensor mixed;
    std::int64_t columns = 0;
  };

  const WeightedLayer& layer_;
  std::array<Lane, kLanes> lanes_;
};

}  // namespace quern::internal
