// binary_cross_entropy: every output answers yes or no, and the losses of the outputs are summed.
//
//     L = Σ_o − w_o · t'_o · log σ(x_o) − (1 − t'_o) · log(1 − σ(x_o))     t' = (1 − ε) · t + ε / 2
//
// w_o is train.positive_weights, ε train.label_smoothing. A weight below 1 makes a missed positive
// cheaper than a false one: precision for recall.
#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>

#include "quern/base/error.h"
#include "quern/train/internal/loss.h"

namespace quern {
namespace {

class BinaryCrossEntropy : public Loss {
 public:
  BinaryCrossEntropy(const std::vector<double>& positive_weights, double label_smoothing)
      : label_smoothing_(label_smoothing) {
    if (!positive_weights.empty()) weights_ = at::tensor(positive_weights, at::kFloat);
  }

  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const override {
    const at::Tensor smoothed = targets * (1 - label_smoothing_) + label_smoothing_ / 2;
    return at::binary_cross_entropy_with_logits(logits, smoothed, /*weight=*/{}, weights_,
                                                at::Reduction::Sum) /
           static_cast<double>(logits.size(0));
  }

  /// Every output is a distribution of its own over yes and no.
  at::Tensor distance(const at::Tensor& logits, const at::Tensor& teacher,
                      double temperature) const override {
    const at::Tensor own = logits / temperature;
    const at::Tensor wanted = teacher / temperature;
    const at::Tensor yes = at::sigmoid(wanted);
    const at::Tensor divergence = yes * (at::log_sigmoid(wanted) - at::log_sigmoid(own)) +
                                  (1 - yes) * (at::log_sigmoid(-wanted) - at::log_sigmoid(-own));
    return divergence.sum() * (temperature * temperature / static_cast<double>(logits.size(0)));
  }

 private:
  at::Tensor weights_;  ///< [outputs]; undefined: all 1.
  double label_smoothing_;
};

}  // namespace

std::unique_ptr<Loss> make_binary_cross_entropy(const TrainRecipe& recipe, std::int64_t outputs) {
  const auto weights = static_cast<std::int64_t>(recipe.positive_weights.size());
  require(weights == 0 || weights == outputs,
          "train.positive_weights has {} weights, the network has {} outputs", weights, outputs);
  return std::make_unique<BinaryCrossEntropy>(recipe.positive_weights, recipe.label_smoothing);
}

}  // namespace quern
