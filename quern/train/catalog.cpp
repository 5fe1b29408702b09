#include "quern/train/internal/loss.h"
#include "quern/train/internal/optimizer.h"
#include "quern/train/losses.h"
#include "quern/train/optimizers.h"
#include "quern/train/schedule.h"

namespace quern {

const std::vector<OptimizerDef>& optimizers() {
  static const std::vector<OptimizerDef> list = {
      {"adam", "moments of gradients; decay joins the gradient", make_adam},
      {"adamw", "the same; decay acts on the weights themselves", make_adamw},
      {"sgd", "gradient descent with momentum", make_sgd},
  };
  return list;
}

const std::vector<ScheduleDef>& schedules() {
  static const std::vector<ScheduleDef> list = {
      {"constant", "the learning rate as given", make_constant},
      {"cosine", "half a wave down to the floor", make_cosine},
      {"plateau", "lower where the loss no longer falls", make_plateau},
      {"step", "lower every few epochs", make_step},
  };
  return list;
}

const std::vector<LossDef>& losses() {
  static const std::vector<LossDef> list = {
      {"binary_cross_entropy", "every output answers yes or no", make_binary_cross_entropy},
      {"cross_entropy", "one class is right", make_cross_entropy},
  };
  return list;
}

}  // namespace quern
