#include "quern/pipeline/read_data.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/data/class_balance.h"
#include "quern/data/class_folders.h"
#include "quern/data/data_kinds.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

LabelledSet read_files(const DataRecipe& data, const std::string& name) {
  const fs::path path = fs::path(data.root) / name;
  if (fs::is_directory(path)) return read_labelled_folder(path);
  LabelledSet set;
  set.samples =
      data.root.empty() ? read_image_list(path) : read_image_list(path, fs::path(data.root));
  return set;
}

/// All pictures that a key of [data] names.
LabelledSet read_all(const DataRecipe& data, const std::string& name) {
  require(!name.empty(), "no pictures are named: expected a list, a folder or a split");
  const std::vector<DataSource> sources = sources_of(data);
  return sources.empty() ? read_files(data, name) : read_split(sources, name);
}

/// At most `data.limit` of them: of a list or a folder the first.
LabelledSet limited(const DataRecipe& data, LabelledSet set) {
  if (!sources_of(data).empty()) return spread(set, data.limit);
  if (data.limit > 0 && std::cmp_less(data.limit, set.samples.size())) {
    set.samples.resize(static_cast<std::size_t>(data.limit));
  }
  return set;
}

/// Pictures to validate with, their classes numbered as those of `training`. Sets that do not name
/// their classes have no other numbers.
/// @throws Error(kParse) for a class that no picture to train on shows, naming a picture of it.
LabelledSet numbered_like(const LabelledSet& training, const LabelledSet& held) {
  if (training.is_multi_label() || training.outputs.empty() || held.outputs.empty()) return held;
  std::vector<bool> is_shown(training.outputs.size());
  for (const Sample& sample : training.samples) {
    if (sample.label >= 0) is_shown.at(static_cast<std::size_t>(sample.label)) = true;
  }
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < is_shown.size(); ++i) {
    if (is_shown[i]) shown.push_back(training.outputs[i]);
  }
  numbered(held, shown);  // For its errors.
  return numbered(held, training.outputs);
}

}  // namespace

std::vector<DataSource> sources_of(const DataRecipe& data) {
  if (!data.kind.empty()) {
    require(!data.root.empty(), "data.root is empty: expected the folder of the data of kind '{}'",
            data.kind);
    return {{.kind = data.kind, .root = data.root}};
  }
  std::vector<DataSource> sources = data.sources;
  for (DataSource& source : sources) source.root = fs::path(data.root) / source.root;
  return sources;
}

LabelledSet read_data(const DataRecipe& data, const std::string& name) {
  return limited(data, read_all(data, name));
}

HoldOut read_training_data(const DataRecipe& data) {
  const LabelledSet training = read_all(data, data.training);
  HoldOut parts;
  if (data.validation.empty()) {
    parts = hold_out(limited(data, training), data.hold_out);
  } else {
    const LabelledSet held = numbered_like(training, read_all(data, data.validation));
    parts = {.kept = limited(data, training), .held = limited(data, held)};
  }
  require_learnable(parts.kept, "the pictures to train on");
  return parts;
}

}  // namespace quern
