#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

/// How the learning rate changes while a network is trained.
class Schedule {
 public:
  virtual ~Schedule() = default;

  /// The learning rate at `epoch`, which counts from 0 and grows by a part of 1 with every step.
  virtual double rate(double epoch) const = 0;

  /// Hears the loss that an epoch ended with. Only schedules that react to it do anything.
  virtual void end_epoch(double loss);

  /// What a checkpoint keeps; empty where the epoch says it all.
  virtual std::vector<double> state() const;
  /// @throws Error(kParse) for a state of another size.
  virtual void restore(const std::vector<double>& state);
};

struct ScheduleDef {
  std::string_view name;
  std::string_view summary;  ///< One phrase.
  std::unique_ptr<Schedule> (*make)(const TrainRecipe& recipe);
};

/// All schedules, by name.
const std::vector<ScheduleDef>& schedules();

/// The schedule that `train.schedule` names. In its first `train.warm_up` epochs the rate rises
/// evenly from near 0 to what the schedule says.
/// @throws Error(kInvalidArgument) for an unknown name, naming the nearest.
std::unique_ptr<Schedule> make_schedule(const TrainRecipe& recipe);

// One line a schedule; each is defined in the file of its name.
std::unique_ptr<Schedule> make_constant(const TrainRecipe& recipe);
std::unique_ptr<Schedule> make_cosine(const TrainRecipe& recipe);
std::unique_ptr<Schedule> make_plateau(const TrainRecipe& recipe);
std::unique_ptr<Schedule> make_step(const TrainRecipe& recipe);

}  // namespace quern
