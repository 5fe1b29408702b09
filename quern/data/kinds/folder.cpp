#include "quern/data/class_folders.h"
#include "quern/data/kinds/kinds.h"

namespace quern {

LabelledSet read_folder_split(const std::filesystem::path& root, const std::string& split) {
  const LabelledSet set = read_class_folders(split_folder(root, split));
  // Pictures without class folders have no labels.
  return set.outputs.empty() ? set : numbered(set, classes_of_splits(root));
}

}  // namespace quern
