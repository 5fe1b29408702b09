#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "quern/base/parallel.h"
#include "quern/executor/plan.h"
#include "quern/ptq/internal/input_columns.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// Second moments of a layer's input columns over all pictures, means over columns, in float64.
struct InputMoments {
  at::Tensor quantized;  ///< E[x̂ x̂ᵀ], [groups, inputs, inputs].
  at::Tensor mixed;  ///< E[x̂ xᵀ] with x of the float network; undefined where not asked for.
};

/// Sums them lane by lane, over all columns or, where these are far more than a layer's inputs
/// need, over evenly spread rows of windows. Inputs may be of any magnitude; infinite ones give
/// moments that are not finite.
class MomentSums {
 public:
  /// @param pictures  How many will be added, about.
  MomentSums(const WeightedLayer& layer, std::size_t pictures);

  /// A batch of the layer's input, and, where moments are mixed, that of the float network.
  void add(std::size_t lane, std::size_t batch, const TensorView& quantized,
           const TensorView* real = nullptr);

  /// Of all that was added. Called once, at the end.
  InputMoments moments();

 private:
  /// Columns that are not multiplied yet.
  struct Waiting {
    std::vector<at::Tensor> columns;  ///< [groups, columns, inputs]
    std::int64_t count = 0;

    void add(const at::Tensor& more);
    at::Tensor take();
  };

  struct Lane {
    Waiting quantized_columns;
    Waiting real_columns;
    at::Tensor quantized;
    at::Tensor mixed;
    std::int64_t columns = 0;
  };

  void add_depthwise(Lane& sums, const RowSample& sample, const TensorView& quantized,
                     const TensorView* real) const;
  static void multiply(Lane& sums);

  const WeightedLayer& layer_;
  const std::int64_t row_step_;
  std::array<Lane, kLanes> lanes_;
};

}  // namespace quern::internal
