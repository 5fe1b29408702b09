#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quern/data/image.h"
#include "quern/data/labelled_set.h"
#include "quern/data/normalize.h"
#include "quern/data/picture_store.h"
#include "quern/evaluate/multi_label.h"
#include "quern/evaluate/predictor.h"
#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// What a network that is being trained makes of the pictures it is judged by.
struct ValidationFigures {
  /// Of a multi-label set macro_f1, exact_match, floor_macro_f1, and precision, recall and f1 of
  /// every output, from 0 to 1; else top1 in percent.
  nlohmann::json metrics;
  double score = 0;    ///< What epochs are compared by: macro F1, or the share of top-1; 0 to 1.
  double loss = 0;     ///< 0 where none was given.
  double seconds = 0;  ///< That the answers took; wall clock.
};

/// "macro F1 85.12 %" or "top-1 91.00 %"
std::string to_text(const ValidationFigures& figures);

/// What a network answers to pictures, and what they show.
struct Answers {
  Tensor logits;                      ///< [pictures, outputs] float32
  Tensor targets;                     ///< The same shape: 0 or 1.
  std::vector<std::size_t> pictures;  ///< Their positions in the set.
};

/// The figures of answers to a multi-label set.
MultiLabelMetrics metrics_of(const LabelledSet& set, const Answers& answers);

/// Pictures that a network is judged by after every epoch, decoded once.
class Validation {
 public:
  /// @throws errors of PictureStore.
  Validation(const Recipe& recipe, LabelledSet set, const Preprocessing& preprocessing);

  const LabelledSet& set() const { return set_; }
  /// The pictures that can be decoded.
  LabelledSet usable() const { return subset(set_, pictures_.usable()); }
  /// What was unusual about them and taken all the same, or left out; a sentence each.
  std::vector<std::string> notes() const;

  /// A usable picture of the set, as the network sees it.
  Image picture(std::size_t position) const;

  using Loss = std::function<double(const Tensor& logits, const Tensor& targets)>;

  /// Runs a network on what can be decoded. The answers do not depend on the number of threads.
  /// @throws Error(kParse) naming a picture whose label is no output; errors of the predictor.
  Answers answers(const Predictor& network) const;

  /// The figures of its answers.
  /// @param loss  Of logits and targets [pictures, outputs] float32; may be empty.
  /// @throws errors of answers.
  ValidationFigures measure(const Predictor& network, const Loss& loss = {}) const;

 private:
  Tensor logits(const Predictor& network) const;
  Tensor targets(std::int64_t outputs) const;

  LabelledSet set_;
  PictureStore pictures_;
  Normalization normalization_;
  int crop_;
  int threads_;
};

}  // namespace quern
