#include "quern/data/class_folders.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <system_error>
#include <utility>

#include "quern/base/error.h"
#include "quern/data/picture_files.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTrain = "train";

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

/// At most a dozen of them.
std::string names_text(const std::vector<std::string>& names) {
  constexpr std::size_t kMostListed = 12;
  const std::span<const std::string> listed =
      std::span(names).first(std::min(names.size(), kMostListed));
  const std::size_t more = names.size() - listed.size();
  return fmt::format("{}{}", fmt::join(listed, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
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

LabelledSet numbered(const LabelledSet& set, const std::vector<std::string>& classes) {
  LabelledSet result = set;
  result.outputs = classes;
  std::map<std::string, std::int64_t> numbers;
  for (const std::string& name : classes) {
    numbers.emplace(name, static_cast<std::int64_t>(numbers.size()));
  }
  for (Sample& sample : result.samples) {
    if (sample.label < 0) continue;
    const std::string& name = set.outputs.at(static_cast<std::size_t>(sample.label));
    const auto found = numbers.find(name);
    if (found == numbers.end()) {
      fail(ErrorCode::kParse, "{} is of the class '{}', expected one that is trained on: {}",
           sample.path.string(), name, names_text(classes));
    }
    sample.label = found->second;
  }
  return result;
}

}  // namespace quern
