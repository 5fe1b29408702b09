#include "quern/train/schedule.h"

#include <algorithm>
#include <utility>

#include "quern/base/error.h"
#include "quern/train/find_name.h"

namespace quern {
namespace {

/// Large steps of an untrained network ruin its batch norms and scales; a warm-up keeps them small.
class WarmUp : public Schedule {
 public:
  WarmUp(double epochs, std::unique_ptr<Schedule> after)
      : epochs_(epochs), after_(std::move(after)) {}

  double rate(double epoch) const override {
    // The first step is not wasted on a rate of 0.
    constexpr double kFirst = 0.01;
    const double factor = epochs_ > 0 ? std::max(kFirst, epoch / epochs_) : 1.0;
    return std::min(1.0, factor) * after_->rate(epoch);
  }
  void end_epoch(double loss) override { after_->end_epoch(loss); }
  std::vector<double> state() const override { return after_->state(); }
  void restore(const std::vector<double>& state) override { after_->restore(state); }

 private:
  double epochs_;
  std::unique_ptr<Schedule> after_;
};

}  // namespace

void Schedule::end_epoch(double) {}

std::vector<double> Schedule::state() const { return {}; }

void Schedule::restore(const std::vector<double>& state) {
  if (!state.empty()) {
    fail(ErrorCode::kParse, "the schedule has a state of {} numbers, expected none", state.size());
  }
}

std::unique_ptr<Schedule> make_schedule(const TrainRecipe& recipe) {
  const ScheduleDef& schedule = find_name(schedules(), recipe.schedule, "a schedule");
  return std::make_unique<WarmUp>(recipe.warm_up, schedule.make(recipe));
}

}  // namespace quern
