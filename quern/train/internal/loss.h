#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "quern/train/losses.h"

namespace quern {

/// How far logits are from what pictures show, as one number that autograd differentiates.
class Loss {
 public:
  virtual ~Loss() = default;

  /// The mean over the batch.
  /// @param logits   [N, outputs] float32.
  /// @param targets  [N, outputs] float32, 0 to 1: how much of each output a picture shows.
  virtual at::Tensor operator()(const at::Tensor& logits, const at::Tensor& targets) const = 0;

  /// How far logits are from a teacher's, the mean over the batch:
  ///
  ///     T² · KL(p(teacher / T) ‖ p(logits / T))
  ///
  /// with the probabilities p that this loss reads out of logits; T² keeps the size of gradients.
  ///
  /// Source: Hinton et al., "Distilling the Knowledge in a Neural Network", 2015,
  /// arXiv:1503.02531.
  virtual at::Tensor distance(const at::Tensor& logits, const at::Tensor& teacher,
                              double temperature) const = 0;
};

// One line a loss; each is defined in the file of its name.
std::unique_ptr<Loss> make_binary_cross_entropy(const TrainRecipe& recipe, std::int64_t outputs);
std::unique_ptr<Loss> make_cross_entropy(const TrainRecipe& recipe, std::int64_t outputs);

}  // namespace quern
