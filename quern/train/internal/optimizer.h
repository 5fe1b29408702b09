#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quern/train/optimizers.h"

namespace quern {

/// A tensor that gradients change.
struct Learned {
  std::string name;
  at::Tensor value;
  double weight_decay = 0;  ///< How strongly it is drawn to 0.
  double rate = 1;          ///< Multiplies the learning rate.
};

/// Moves parameters against their gradients.
class Optimizer {
 public:
  explicit Optimizer(std::vector<Learned> parameters);
  virtual ~Optimizer() = default;

  /// One step of every parameter that has a gradient, which is then gone.
  void step(double learning_rate);

  /// Everything that the next step depends on, by name: live tensors, which a checkpoint copies and
  /// overwrites.
  virtual std::map<std::string, at::Tensor> state() const = 0;

 protected:
  /// Parameters of one decay and rate that have gradients.
  struct Group {
    double weight_decay = 0;
    double learning_rate = 0;
    std::vector<std::size_t> members;  ///< Positions in `parameters`.
    std::vector<at::Tensor> values;
    std::vector<at::Tensor> gradients;  ///< In memory like their values.
  };

  virtual void step(const Group& group) = 0;

  /// Zeros like every parameter.
  std::vector<at::Tensor> zeros() const;
  const std::vector<Learned>& parameters() const { return parameters_; }

 private:
  std::vector<Learned> parameters_;
};

/// Those of `tensors` that a group is made of.
std::vector<at::Tensor> pick(const std::vector<at::Tensor>& tensors,
                             const std::vector<std::size_t>& members);

// One line an optimizer; each is defined in the file of its family.
std::unique_ptr<Optimizer> make_adam(std::vector<Learned> parameters, const TrainRecipe& recipe);
std::unique_ptr<Optimizer> make_adamw(std::vector<Learned> parameters, const TrainRecipe& recipe);
std::unique_ptr<Optimizer> make_sgd(std::vector<Learned> parameters, const TrainRecipe& recipe);

}  // namespace quern
