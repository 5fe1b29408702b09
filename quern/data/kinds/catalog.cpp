#include "quern/data/data_kinds.h"
#include "quern/data/kinds/kinds.h"

namespace quern {

const std::vector<DataKind>& data_kinds() {
  static const std::vector<DataKind> kKinds = {
      {.name = "dfire",
       .layout = "SPLIT/images and SPLIT/labels with YOLO boxes, 0 smoke and 1 fire",
       .read = read_dfire},
      {.name = "fasdd",
       .layout = "images and annotations of FASDD, 0 fire and 1 smoke, one part or several",
       .read = read_fasdd},
      {.name = "folder", .layout = "SPLIT with one folder per class", .read = read_folder_split},
      {.name = "list",
       .layout = "SPLIT.txt with lines of 'relative/path label'",
       .read = read_list_split}};
  return kKinds;
}

}  // namespace quern
