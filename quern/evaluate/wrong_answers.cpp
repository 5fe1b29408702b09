#include "quern/evaluate/wrong_answers.h"

#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "quern/evaluate/multi_label.h"

namespace quern {
namespace {

std::vector<std::size_t> positives(std::span<const float> targets) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] != 0) shown.push_back(i);
  }
  return shown;
}

/// Of the logistic function of |logit|: how sure the network is of its yes or no.
double sureness(float logit) { return 1 / (1 + std::exp(-std::abs(static_cast<double>(logit)))); }

void answer_each(std::span<const float> logits, std::span<const float> targets,
                 WrongAnswer& answer) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const bool yes = says_yes(logits[i]);
    if (yes) answer.answer.push_back(i);
    if (yes != (targets[i] != 0)) {
      answer.confidence = std::max(answer.confidence, sureness(logits[i]));
    }
  }
}

void answer_one(std::span<const float> logits, WrongAnswer& answer) {
  const auto largest = std::ranges::max_element(logits);
  answer.answer = {static_cast<std::size_t>(largest - logits.begin())};
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - *largest));
  answer.confidence = 1 / sum;
}

}  // namespace

std::vector<WrongAnswer> wrong_answers(std::span<const float> logits,
                                       std::span<const float> targets, std::size_t outputs,
                                       bool is_multi_label) {
  require(outputs > 0 && logits.size() % outputs == 0 && logits.size() == targets.size(),
          "{} logits and {} targets are no rows of {}", logits.size(), targets.size(), outputs);
  std::vector<WrongAnswer> wrong;
  for (std::size_t row = 0; row * outputs < logits.size(); ++row) {
    const auto own = logits.subspan(row * outputs, outputs);
    const auto truth = targets.subspan(row * outputs, outputs);
    WrongAnswer answer{.picture = row, .truth = positives(truth), .answer = {}};
    if (is_multi_label) {
      answer_each(own, truth, answer);
    } else {
      answer_one(own, answer);
    }
    if (answer.answer != answer.truth) wrong.push_back(std::move(answer));
  }
  std::ranges::stable_sort(wrong, std::greater<>(), &WrongAnswer::confidence);
  return wrong;
}

}  // namespace quern
