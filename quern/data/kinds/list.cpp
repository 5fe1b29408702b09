#include <system_error>

#include "quern/data/kinds/kinds.h"

namespace quern {

LabelledSet read_list_split(const std::filesystem::path& root, const std::string& split) {
  std::error_code error;
  std::filesystem::path list = root / split;
  if (!std::filesystem::is_regular_file(list, error)) list += ".txt";
  LabelledSet set;
  set.samples = read_image_list(list, root);
  return set;
}

}  // namespace quern
