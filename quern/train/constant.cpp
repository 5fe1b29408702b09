// constant: the learning rate as given.
#include "quern/train/schedule.h"

namespace quern {
namespace {

class Constant : public Schedule {
 public:
  explicit Constant(double rate) : rate_(rate) {}
  double rate(double) const override { return rate_; }

 private:
  double rate_;
};

}  // namespace

std::unique_ptr<Schedule> make_constant(const TrainRecipe& recipe) {
  return std::make_unique<Constant>(recipe.learning_rate);
}

}  // namespace quern
