#pragma once

#include <nlohmann/json_fwd.hpp>

#include "quern/data/labelled_set.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// What a manifest says of the pictures that a run learned from and was judged by: the kinds and
/// roots of the sets, and for each part the split or list, the number of pictures, and a SHA-256
/// over their names and labels in order, a line each. Names start below the root, so a set that was
/// moved has the same.
nlohmann::json data_record(const DataRecipe& data, const LabelledSet& training,
                           const LabelledSet& validation);

}  // namespace quern
