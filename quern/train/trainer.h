#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "quern/executor/plan.h"
#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"
#include "quern/tensor/tensor.h"

namespace quern {

struct TrainerOptions {
  TrainRecipe train;
  std::string loss;  ///< A name from losses().
  /// Steps whose batches tell scales of activations that are not known yet, before they are
  /// learned.
  std::int64_t statistics_steps = 0;
  std::int64_t steps_per_epoch = 1;
  int threads = 0;  ///< Of one step; 0: all cores.
};

/// Trains a network, float or with quantizers, one batch at a time.
///
/// With the same graph, options, batches and number of threads, the weights are the same bytes,
/// also where a trainer goes on from the state of another.
class Trainer {
 public:
  /// @param graph    Of one input and one output, [N, outputs] logits.
  /// @param teacher  A float network with the same input and outputs, whose logits are learned too;
  ///                 may be null.
  /// @throws Error(kInvalidArgument) for names that do not exist, or a teacher of another number of
  ///         outputs; errors of TrainingPlan and Plan.
  Trainer(const Graph& graph, const TrainerOptions& options, const Graph* teacher = nullptr);
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  struct Step {
    double loss = 0;  ///< The mean over the batch, before the step.
    double learning_rate = 0;
    double gradient_norm = 0;  ///< Euclidean, of all gradients together, before clipping.
  };

  /// One step of what is learned.
  /// @param images   [N, channels, height, width].
  /// @param targets  [N, outputs] float32, 0 to 1.
  /// @throws Error(kInvalidArgument) naming the first layer whose output is not finite, or the
  ///         parameter whose gradient is not: weights are those of the step before; or the scale
  ///         that the step ruined.
  Step step(const TensorView& images, const Tensor& targets);

  /// Finds out whether pictures get through the network as it stands, whose state is worth nothing
  /// else. It changes nothing.
  /// @throws Error(kInvalidArgument) naming the first layer whose output is not finite.
  void check_finite(const TensorView& images);

  /// How far logits are from targets, both [N, outputs] float32: the mean of the loss.
  double loss(const Tensor& logits, const Tensor& targets) const;

  /// Ends an epoch, which the schedule hears of.
  void end_epoch(double validation_loss);

  std::int64_t steps() const;    ///< Taken so far.
  double learning_rate() const;  ///< Of the next step.

  /// The network as trained: with the averages of what is learned where the recipe asks for them.
  /// @throws Error(kInvalidArgument) naming a scale that is not known yet.
  Graph network() const;

  /// Everything that the next step depends on, by name.
  std::map<std::string, Tensor> state() const;
  /// @throws Error(kInvalidArgument) naming the first difference to this trainer's network,
  ///         quantizers or optimizer.
  void load(const std::map<std::string, Tensor>& state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
