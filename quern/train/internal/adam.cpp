// adam and adamw: steps of the size of the learning rate, whatever the size of gradients.
//
//     m ← β₁ m + (1 − β₁) g     v ← β₂ v + (1 − β₂) g²     w ← w − η · m̂ / (√v̂ + ε)
//
// β₁ = 0.9, β₂ = 0.999, ε = 1e-8. Decay λ: adam's g is ∇ + λ w; adamw shrinks w by η λ first.
//
// Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014, arXiv:1412.6980;
// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv:1711.05101.
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "quern/train/internal/optimizer.h"

namespace quern {
namespace {

constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.999;
constexpr double kEpsilon = 1e-8;

void adam(at::TensorList values, at::TensorList gradients, at::TensorList first,
          at::TensorList second, at::TensorList steps, double learning_rate, double decay) {
  at::_fused_adam_(values, gradients, first, second, {}, steps, learning_rate, kFirstDecay,
                   kSecondDecay, decay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void adamw(at::TensorList values, at::TensorList gradients, at::TensorList first,
           at::TensorList second, at::TensorList steps, double learning_rate, double decay) {
  at::_fused_adamw_(values, gradients, first, second, {}, steps, learning_rate, kFirstDecay,
                    kSecondDecay, decay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
}

class Adam : public Optimizer {
 public:
  Adam(std::vector<Learned> parameters, bool is_decoupled)
      : Optimizer(std::move(parameters)),
        is_decoupled_(is_decoupled),
        first_(zeros()),
        second_(zeros()) {
    for (std::size_t i = 0; i < first_.size(); ++i) steps_.push_back(at::zeros({}, at::kFloat));
  }

  std::map<std::string, at::Tensor> state() const override {
    std::map<std::string, at::Tensor> state;
    for (std::size_t i = 0; i < first_.size(); ++i) {
      const std::string& name = parameters()[i].name;
      state["first/" + name] = first_[i];
      state["second/" + name] = second_[i];
      state["steps/" + name] = steps_[i];
    }
    return state;
  }

 private:
  void step(const Group& group) override {
    const std::vector<at::Tensor> first = pick(first_, group.members);
    const std::vector<at::Tensor> second = pick(second_, group.members);
    std::vector<at::Tensor> steps = pick(steps_, group.members);
    for (at::Tensor& count : steps) count.add_(1);
    const auto fused = is_decoupled_ ? adamw : adam;
    fused(group.values, group.gradients, first, second, steps, group.learning_rate,
          group.weight_decay);
  }

  bool is_decoupled_;
  std::vector<at::Tensor> first_, second_, steps_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adam(std::vector<Learned> parameters, const TrainRecipe&) {
  return std::make_unique<Adam>(std::move(parameters), /*is_decoupled=*/false);
}

std::unique_ptr<Optimizer> make_adamw(std::vector<Learned> parameters, const TrainRecipe&) {
  return std::make_unique<Adam>(std::move(parameters), /*is_decoupled=*/true);
}

}  // namespace quern
