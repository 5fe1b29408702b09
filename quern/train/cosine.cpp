// cosine: half a wave from the learning rate down to the floor at the last step.
//
// Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016,
// arXiv:1608.03983; without restarts.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "quern/train/schedule.h"

namespace quern {
namespace {

class Cosine : public Schedule {
 public:
  Cosine(double rate, double floor, double epochs) : rate_(rate), floor_(floor), epochs_(epochs) {}

  double rate(double epoch) const override {
    const double done = std::min(1.0, epoch / epochs_);
    return floor_ + (rate_ - floor_) * (1 + std::cos(std::numbers::pi * done)) / 2;
  }

 private:
  double rate_, floor_, epochs_;
};

}  // namespace

std::unique_ptr<Schedule> make_cosine(const TrainRecipe& recipe) {
  return std::make_unique<Cosine>(recipe.learning_rate,
                                  std::min(recipe.floor, recipe.learning_rate), recipe.epochs);
}

}  // namespace quern
