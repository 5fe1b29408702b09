#include "quern/data/kinds/kinds.h"
#include "quern/data/picture_files.h"

namespace quern {

LabelledSet read_folder_split(const std::filesystem::path& root, const std::string& split) {
  const std::filesystem::path folder = split_folder(root, split);
  LabelledSet set;
  set.samples = read_image_folder(folder);
  for (const auto& name : folders_in(folder)) set.outputs.push_back(name.filename().string());
  return set;
}

}  // namespace quern
