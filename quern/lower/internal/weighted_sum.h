#pragma once

#include "quern/lower/integer_weights.h"
#include "quern/lower/internal/lowering.h"
#include "quern/lower/output_stage.h"

namespace quern::internal {

/// What a convolution or linear layer accumulates.
class WeightedSum : public Source {
 public:
  struct Shape {
    TensorIndex input = 0;
    QuernWindow window = {};
    std::int32_t groups = 1;
    Extents output;
  };

  /// @param bias    One per output channel, or one in all.
  /// @param factor  Of the products: a Gemm's alpha.
  WeightedSum(const Node& node, const Shape& shape, IntegerWeights weights, std::vector<float> bias,
              double factor = 1)
      : node_(node),
        shape_(shape),
        weights_(std::move(weights)),
        bias_(std::move(bias)),
        factor_(factor) {}

  Extents extents() const override { return shape_.output; }
  TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                   const Target& target) const override;

 private:
  Accumulator accumulator(const Lowering& lowering, const IntegerWeights& weights) const;
  OutputStage accumulators(const Accumulator& sums, const Epilogue& epilogue,
                           std::vector<float>& scale) const;
  IntConv conv(Lowering& lowering, const IntegerWeights& weights, OutputStage stage) const;

  Node node_;
  Shape shape_;
  IntegerWeights weights_;
  std::vector<float> bias_;
  double factor_;
};

}  // namespace quern::internal
