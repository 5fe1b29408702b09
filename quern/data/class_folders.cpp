#include "quern/data/class_folders.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "quern/data/picture_files.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrain = "train";

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

std::vector<std::string> class_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& name : folders_in(folder)) names.push_back(name.filename().string());
  return names;
}

std::vector<std::string> classes_of_splits(const fs::path& root) {
  if (is_folder(root / kTrain)) return class_names(root / kTrain);
  std::set<std::string> all;
  for (const fs::path& split : folders_in(root)) {
    for (std::string& name : class_names(split)) all.insert(std::move(name));
  }
  return {all.begin(), all.end()};
}

LabelledSet read_class_folders(const fs::path& folder) {
  LabelledSet set;
  set.samples = read_image_folder(folder);
  set.outputs = class_names(folder);
  return set;
}

LabelledSet read_labelled_folder(const fs::path& folder) {
  LabelledSet set = read_class_folders(folder);
  fs::path whole = fs::absolute(folder).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // It ends with a slash.
  const fs::path train = whole.parent_path() / kTrain;
  if (!is_folder(train)) return set;
  const std::vector<std::string> classes = class_names(train);
  const bool is_split = std::ranges::any_of(set.outputs, [&](const std::string& name) {
    return std::ranges::find(classes, name) != classes.end();
  });
  return is_split ? numbered(set, classes) : set;
}

}  // namespace quern
