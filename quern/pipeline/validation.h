#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "quern/data/labelled_set.h"
#include "quern/data/normalize.h"
#include "quern/data/picture_store.h"
#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// What a network that is being trained makes of the pictures it is judged by.
struct ValidationFigures {
  /// Of a multi-label set macro_f1, exact_match, floor_macro_f1, and precision, recall and f1 of
  /// every output, from 0 to 1; else top1 in percent.
  nlohmann::json metrics;
  double score = 0;  ///< What epochs are compared by: macro F1, or the share of top-1; 0 to 1.
  double loss = 0;   ///< 0 where none was given.
};

/// "macro F1 85.12 %" or "top-1 91.00 %"
std::string to_text(const ValidationFigures& figures);

/// Pictures that a network is judged by after every epoch, decoded once.
class Validation {
 public:
  /// @throws errors of PictureStore.
  Validation(const Recipe& recipe, LabelledSet set, const Preprocessing& preprocessing);

  const LabelledSet& set() const { return set_; }

  using Loss = std::function<double(const Tensor& logits, const Tensor& targets)>;

  /// Runs the network as its exported file computes it. The figures do not depend on the number of
  /// threads.
  /// @param loss  Of logits and targets [pictures, outputs] float32; may be empty.
  /// @throws Error(kParse) naming a picture whose label is no output; errors of Plan.
  ValidationFigures measure(const Graph& network, const Loss& loss = {}) const;

 private:
  Tensor logits(const Graph& network) const;
  Tensor targets(std::int64_t outputs) const;

  LabelledSet set_;
  PictureStore pictures_;
  Normalization normalization_;
  int crop_;
  int threads_;
};

}  // namespace quern
