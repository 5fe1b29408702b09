// cross_entropy: one class is right.
//
//     L = −Σ_c t'_c · log softmax(x)_c      t' = (1 − ε) · t + ε / C
//
// ε is train.label_smoothing (Szegedy et al., 2015, arXiv:1512.00567).
#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_softmax.h>

#include "quern/base/error.h"
#include "quern/train/internal/loss.h"

namespace quern {
namespace {

class CrossEntropy : public Loss {
 public:
  explicit CrossEntropy(double label_smoothing) : label_smoothing_(label_smoothing) {}

  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const override {
    return at::cross_entropy_loss(logits, targets, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, label_smoothing_);
  }

  at::Tensor distance(const at::Tensor& logits, const at::Tensor& teacher,
                      double temperature) const override {
    const at::Tensor own = at::log_softmax(logits / temperature, 1);
    const at::Tensor wanted = at::log_softmax(teacher / temperature, 1);
    const auto batch = static_cast<double>(logits.size(0));
    return at::kl_div(own, wanted, at::Reduction::Sum, /*log_target=*/true) *
           (temperature * temperature / batch);
  }

 private:
  double label_smoothing_;
};

}  // namespace

std::unique_ptr<Loss> make_cross_entropy(const TrainRecipe& recipe, std::int64_t) {
  require(recipe.positive_weights.empty(),
          "train.positive_weights belongs to the loss 'binary_cross_entropy', the loss is "
          "'cross_entropy'");
  return std::make_unique<CrossEntropy>(recipe.label_smoothing);
}

}  // namespace quern
