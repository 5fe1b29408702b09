#pragma once

#include <string>
#include <vector>

#include "quern/data/labelled_set.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// The sets that `kind` or `sources` name, their roots below `data.root`; none where the keys of
/// [data] name lists and folders themselves.
/// @throws Error(kInvalidArgument) for a kind without a root.
std::vector<DataSource> sources_of(const DataRecipe& data);

/// The pictures that a key of [data] names. Where the recipe has a kind or sources, `name` is a
/// split of theirs; else a list file or a folder. Relative paths start at `data.root`; at most
/// `data.limit` pictures.
/// @throws Error(kInvalidArgument) if `name` is empty; errors of the readers.
LabelledSet read_data(const DataRecipe& data, const std::string& name);

/// The pictures to train on and those to validate with: `training` and `validation`, or `training`
/// in two parts where there is no `validation`. Classes that have names are numbered as the
/// pictures to train on have them.
/// @throws Error(kParse) if the pictures to train on can not be learned from, or if one to validate
///         with is of a class that none of them shows; errors of read_data and hold_out.
HoldOut read_training_data(const DataRecipe& data);

}  // namespace quern
