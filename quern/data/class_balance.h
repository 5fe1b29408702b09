#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"

namespace quern {

/// How often each answer is right.
struct ClassBalance {
  std::size_t pictures = 0;
  std::vector<std::string> names;      ///< Of outputs or classes; "class 3" where none is known.
  std::vector<std::size_t> positives;  ///< Pictures of each.
  bool is_multi_label = false;
  std::size_t none = 0;     ///< Pictures of no class.
  std::size_t several = 0;  ///< Pictures of more than one.
};

ClassBalance class_balance(const LabelledSet& set);

/// "688 pictures: smoke 210 (30.5 %), fire 301 (43.8 %), several 55, none 232". Of more than twelve
/// classes only the rarest and the most frequent.
std::string to_text(const ClassBalance& balance);

/// Refuses a set that a network can not learn from.
/// @param name  What messages call the set: "the training pictures".
/// @throws Error(kParse) if an output of a multi-label set has no positive picture, or a picture
///         of another set no label.
void require_learnable(const LabelledSet& set, const std::string& name);

}  // namespace quern
