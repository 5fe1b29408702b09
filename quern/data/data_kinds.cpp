#include "quern/data/data_kinds.h"

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {

const DataKind& find_data_kind(std::string_view name) {
  std::vector<std::string> known;
  for (const DataKind& kind : data_kinds()) {
    if (kind.name == name) return kind;
    known.emplace_back(kind.name);
  }
  if (name == "voc") {
    fail(ErrorCode::kUnsupported,
         "labels of the form VOC are not read, since their folders lie in no one way (supported: "
         "YOLO's, of the kinds 'dfire' and 'fasdd', and COCO's, of 'fasdd')");
  }
  fail(ErrorCode::kInvalidArgument, "'{}' is not a kind of data (nearest: '{}')", name,
       nearest(name, known));
}

LabelledSet read_split(const std::vector<DataSource>& sources, const std::string& split) {
  std::vector<LabelledSet> sets;
  for (const DataSource& source : sources) {
    sets.push_back(find_data_kind(source.kind).read(source.root, split));
  }
  return join(sets);
}

}  // namespace quern
