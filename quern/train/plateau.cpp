// plateau: multiplies the learning rate by `train.factor` when the loss has not fallen for more
// than `train.patience` epochs. A loss has fallen where it is below the best so far by a share of
// more than `train.threshold`; the rate stays at or above the floor. PyTorch's ReduceLROnPlateau
// in its mode "min" and threshold mode "rel".
#include <algorithm>
#include <limits>

#include "quern/base/error.h"
#include "quern/train/schedule.h"

namespace quern {
namespace {

class Plateau : public Schedule {
 public:
  explicit Plateau(const TrainRecipe& recipe)
      : factor_(recipe.factor),
        patience_(recipe.patience),
        threshold_(recipe.threshold),
        floor_(std::min(recipe.floor, recipe.learning_rate)),
        rate_(recipe.learning_rate) {}

  double rate(double) const override { return rate_; }

  void end_epoch(double loss) override {
    if (loss < best_ * (1 - threshold_)) {
      best_ = loss;
      waited_ = 0;
      return;
    }
    waited_ += 1;
    if (waited_ <= patience_) return;
    rate_ = std::max(floor_, rate_ * factor_);
    waited_ = 0;
  }

  std::vector<double> state() const override { return {rate_, best_, waited_}; }

  void restore(const std::vector<double>& state) override {
    if (state.size() != 3) {
      fail(ErrorCode::kParse, "the schedule has a state of {} numbers, expected 3", state.size());
    }
    rate_ = state[0];
    best_ = state[1];
    waited_ = state[2];
  }

 private:
  double factor_, patience_, threshold_, floor_;
  double rate_;
  double best_ = std::numeric_limits<double>::infinity();
  double waited_ = 0;  ///< Epochs since the loss fell.
};

}  // namespace

std::unique_ptr<Schedule> make_plateau(const TrainRecipe& recipe) {
  return std::make_unique<Plateau>(recipe);
}

}  // namespace quern
