// fasdd: a split of FASDD, from one part or from all parts below a folder.
//
// The labels of a part come from YOLO files, else from a COCO file. What YOLO leaves out the
// picture's name says, as in FASDD every name does.
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/data/internal/text_lines.h"
#include "quern/data/kinds/box_labels.h"
#include "quern/data/kinds/coco_labels.h"
#include "quern/data/kinds/kinds.h"
#include "quern/data/picture_files.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// By id in the files of FASDD.
const std::vector<std::string> kClasses = {"fire", "smoke"};

/// A picture of the split, as the annotations name it.
struct Labelled {
  std::string file_name;
  std::optional<BoxLabels> boxes;  ///< Absent where the label file is missing.
};

/// The names of the folders below `annotations/`.
std::vector<std::string> annotation_folders(const fs::path& part) {
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::is_directory(part / "annotations", error)) return names;
  for (const fs::path& folder : folders_in(part / "annotations")) {
    names.push_back(folder.filename().string());
  }
  return names;
}

std::string file_name_of(std::string_view path) {
  return std::string(path.substr(path.find_last_of("/\\") + 1));
}

std::vector<Labelled> read_yolo(const fs::path& yolo, const std::string& split) {
  std::vector<Labelled> pictures;
  for_each_line(read_text(yolo / (split + ".txt")), [&](int, std::string_view line) {
    if (line.empty()) return;
    Labelled picture{.file_name = file_name_of(line), .boxes = {}};
    const fs::path labels =
        yolo / "labels" / (fs::path(picture.file_name).stem().string() + ".txt");
    std::error_code error;
    if (fs::exists(labels, error)) picture.boxes = read_yolo_labels(labels, kClasses);
    pictures.push_back(std::move(picture));
  });
  return pictures;
}

std::vector<Labelled> read_coco(const fs::path& file) {
  std::vector<Labelled> pictures;
  for (CocoPicture& picture : read_coco_labels(file, kClasses)) {
    pictures.push_back(
        {.file_name = file_name_of(picture.file_name), .boxes = std::move(picture.boxes)});
  }
  return pictures;
}

/// The split's pictures from the first folder of annotations that lists them.
std::vector<Labelled> read_annotations(const fs::path& part, const std::string& split) {
  const std::vector<std::string> folders = annotation_folders(part);
  std::error_code error;
  bool has_readable = false;
  for (const std::string& name : folders) {
    if (!name.starts_with("YOLO")) continue;
    has_readable = true;
    const fs::path yolo = part / "annotations" / name;
    if (fs::exists(yolo / (split + ".txt"), error)) return read_yolo(yolo, split);
  }
  for (const std::string& name : folders) {
    if (!name.starts_with("COCO")) continue;
    has_readable = true;
    const fs::path file = part / "annotations" / name / "Annotations" / (split + ".json");
    if (fs::exists(file, error)) return read_coco(file);
  }
  if (!has_readable && !folders.empty()) {
    fail(ErrorCode::kUnsupported,
         "{}: labels of the form {} are not read (supported: annotations/YOLO_* and "
         "annotations/COCO_*)",
         part.string(), fmt::join(folders, ", "));
  }
  fail(ErrorCode::kInvalidArgument,
       "{}: there is no split '{}'; expected annotations/YOLO_*/{}.txt or "
       "annotations/COCO_*/Annotations/{}.json",
       part.string(), split, split, split);
}

/// What a name says: [smoke, fire]. The order of the questions matters: "bothFireAndSmoke" and
/// "neitherFireNorSmoke" hold the words fire and smoke as well.
/// @throws Error(kParse) where it says nothing.
std::vector<std::uint8_t> shown_by_name(const std::string& file_name) {
  std::string name;
  for (const char c : file_name) {
    if (c >= 'A' && c <= 'Z') name += static_cast<char>(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z') name += c;
  }
  const auto says = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  if (says("both") || says("fireandsmoke") || says("smokeandfire")) return {1, 1};
  if (says("neither") || says("nofire") || says("nosmoke")) return {0, 0};
  if (says("smoke")) return {1, 0};
  if (says("fire")) return {0, 1};
  fail(ErrorCode::kParse,
       "{} has no label file, and its name says nothing; expected both, neither, smoke or fire",
       file_name);
}

/// From the ids of FASDD to the outputs.
std::vector<std::uint8_t> targets_of(const BoxLabels& boxes) {
  return {boxes.shown.at(1), boxes.shown.at(0)};
}

/// Pictures of a part by their names without suffix: annotations name some .tif files otherwise.
std::map<std::string, fs::path> pictures_by_stem(const fs::path& images) {
  std::map<std::string, fs::path> by_stem;
  for (const fs::path& picture : pictures_below(images)) by_stem[picture.stem().string()] = picture;
  return by_stem;
}

void add_note(LabelledSet& set, const fs::path& part, const std::vector<std::string>& names,
              std::size_t all, const char* what) {
  if (names.empty()) return;
  set.notes.push_back(fmt::format("{}: {} of {} pictures {}, the first: {}", part.string(),
                                  names.size(), all, what, names.front()));
}

LabelledSet read_part(const fs::path& part, const std::string& split) {
  const std::vector<Labelled> pictures = read_annotations(part, split);
  const std::map<std::string, fs::path> files = pictures_by_stem(part / "images");
  LabelledSet set;
  set.outputs = fire_outputs();
  OddBoxes odd;
  std::vector<std::string> missing;
  std::vector<std::string> named;
  for (const Labelled& picture : pictures) {
    const auto file = files.find(fs::path(picture.file_name).stem().string());
    if (file == files.end()) {
      missing.push_back(picture.file_name);
      continue;
    }
    if (!picture.boxes) named.push_back(picture.file_name);
    std::ranges::copy(picture.boxes ? targets_of(*picture.boxes) : shown_by_name(picture.file_name),
                      std::back_inserter(set.targets));
    if (picture.boxes) odd += picture.boxes->odd;
    set.samples.push_back({.path = file->second, .label = -1});
  }
  if (set.samples.empty()) {
    fail(ErrorCode::kParse, "{}: none of the {} pictures of the split '{}' is in images ({})",
         part.string(), pictures.size(), split, kPictureSuffixes);
  }
  add_note(set, part, missing, pictures.size(), "are not in images and left out");
  add_note(set, part, named, pictures.size(), "have no label file and are labelled by their names");
  if (const std::string text = odd.text(); !text.empty()) {
    set.notes.push_back(fmt::format("{}: {}", part.string(), text));
  }
  return set;
}

/// `root` itself, or the parts in it.
std::vector<fs::path> parts_of(const fs::path& root) {
  std::error_code error;
  if (fs::is_directory(root / "images", error)) return {root};
  std::vector<fs::path> parts;
  for (const fs::path& folder : folders_in(root)) {
    if (fs::is_directory(folder / "images", error)) parts.push_back(folder);
  }
  if (parts.empty()) {
    fail(ErrorCode::kParse,
         "{}: neither a part of FASDD nor a folder of parts; expected images and annotations",
         root.string());
  }
  return parts;
}

}  // namespace

LabelledSet read_fasdd(const fs::path& root, const std::string& split) {
  try {
    std::vector<LabelledSet> sets;
    for (const fs::path& part : parts_of(root)) sets.push_back(read_part(part, split));
    return join(sets);
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::kIo, "cannot read {}: {}", root.string(), error.code().message());
  }
}

}  // namespace quern
