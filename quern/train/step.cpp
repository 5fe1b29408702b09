// step: every `train.step_epochs` epochs the learning rate is multiplied by `train.factor`, never
// below the floor.
#include <algorithm>
#include <cmath>

#include "quern/train/schedule.h"

namespace quern {
namespace {

class Step : public Schedule {
 public:
  explicit Step(const TrainRecipe& recipe) : recipe_(recipe) {}

  double rate(double epoch) const override {
    const double steps = std::floor(epoch / recipe_.step_epochs);
    return std::max(std::min(recipe_.floor, recipe_.learning_rate),
                    recipe_.learning_rate * std::pow(recipe_.factor, steps));
  }

 private:
  TrainRecipe recipe_;
};

}  // namespace

std::unique_ptr<Schedule> make_step(const TrainRecipe& recipe) {
  return std::make_unique<Step>(recipe);
}

}  // namespace quern
