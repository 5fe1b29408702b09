#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"
#include "quern/data/picture_store.h"
#include "quern/graph/graph.h"
#include "quern/pipeline/start_network.h"
#include "quern/pipeline/validation.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// What a run trains, and on what.
struct TrainingMaterial {
  LabelledSet training;
  StartNetwork start;
  std::optional<Graph> teacher;
  PictureStore pictures;  ///< Of the training set.
  Validation validation;

  /// What a user should know of all this, a sentence each.
  std::vector<std::string> notes() const;
  /// The training pictures that can be decoded.
  LabelledSet usable() const { return subset(training, pictures.usable()); }
  const Preprocessing& preprocessing() const { return *start.graph.preprocessing; }
  int outputs() const;  ///< Of the network.
};

/// Reads everything that a recipe names, and decodes its pictures.
/// @throws Error(kInvalidArgument) where the parts do not fit: integers or a bipolar head of a
/// float
///         network, a teacher that does not see what the network sees; Error(kParse) where nothing
///         can be learned from the pictures; errors of the readers.
TrainingMaterial gather(const Recipe& recipe);

}  // namespace quern
