// sgd: gradient descent with momentum.
//
//     v ← μ v + (∇ + λ w)     w ← w − η v
#include <ATen/ops/_fused_sgd.h>

#include <utility>

#include "quern/train/internal/optimizer.h"

namespace quern {
namespace {

class Sgd : public Optimizer {
 public:
  Sgd(std::vector<Learned> parameters, double momentum)
      : Optimizer(std::move(parameters)), momentum_(momentum), velocities_(zeros()) {}

  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> state;
    for (std::size_t i = 0; i < velocities_.size(); ++i) {
      state["velocity/" + parameters()[i].name] = velocities_[i];
    }
    return state;
  }

 private:
  void step(const Group& group) override {
    // A first step from a velocity of 0 is the gradient itself, as the kernel's own would be.
    at::_fused_sgd_(group.values, group.gradients, pick(velocities_, group.members),
                    group.weight_decay, momentum_, group.learning_rate, /*dampening=*/0,
                    /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
  }

  double momentum_;
  std::vector<at::Tensor> velocities_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(std::vector<Learned> parameters, const TrainRecipe& recipe) {
  return std::make_unique<Sgd>(std::move(parameters), recipe.momentum);
}

}  // namespace quern
