#include <algorithm>

#include "quern/base/error.h"
#include "quern/data/kinds/box_labels.h"
#include "quern/data/kinds/kinds.h"
#include "quern/data/picture_files.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> pictures_of(const fs::path& images) {
  std::vector<fs::path> pictures;
  try {
    pictures = pictures_below(images);
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::kIo, "cannot read {}: {}", images.string(), error.code().message());
  }
  if (pictures.empty()) {
    fail(ErrorCode::kParse, "{}: the folder holds no picture ({})", images.string(),
         kPictureSuffixes);
  }
  return pictures;
}

}  // namespace

std::vector<std::string> fire_outputs() { return {"smoke", "fire"}; }

LabelledSet read_dfire(const fs::path& root, const std::string& split) {
  const fs::path folder = split_folder(root, split);
  const fs::path labels = folder / "labels";
  LabelledSet set;
  set.outputs = fire_outputs();
  OddBoxes odd;
  std::vector<fs::path> unlabelled;
  for (const fs::path& picture : pictures_of(folder / "images")) {
    const fs::path label = labels / (picture.stem().string() + ".txt");
    BoxLabels boxes(set.outputs.size());
    std::error_code error;
    if (fs::exists(label, error)) {
      boxes = read_yolo_labels(label, set.outputs);  // D-Fire's ids are the outputs.
    } else {
      unlabelled.push_back(label);
    }
    odd += boxes.odd;
    set.samples.push_back({.path = picture, .label = -1});
    std::ranges::copy(boxes.shown, std::back_inserter(set.targets));
  }
  if (unlabelled.size() == set.samples.size()) {
    fail(ErrorCode::kParse, "{}: none of {} pictures has a label file, expected {} first",
         labels.string(), set.samples.size(), unlabelled.front().filename().string());
  }
  if (!unlabelled.empty()) {
    set.notes.push_back(
        fmt::format("{}: {} of {} pictures have no label file and count as showing neither smoke "
                    "nor fire, the first: {}",
                    labels.string(), unlabelled.size(), set.samples.size(),
                    unlabelled.front().filename().string()));
  }
  if (const std::string text = odd.text(); !text.empty()) {
    set.notes.push_back(fmt::format("{}: {}", labels.string(), text));
  }
  return set;
}

}  // namespace quern
