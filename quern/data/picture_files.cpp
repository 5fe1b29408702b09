#include "quern/data/picture_files.h"

#include <algorithm>
#include <array>
#include <string>

namespace quern {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<fs::path> sorted(std::vector<fs::path> paths) {
  // Paths compare element by element; names of one folder must compare byte by byte.
  std::ranges::sort(paths, {}, [](const fs::path& path) { return path.string(); });
  return paths;
}

}  // namespace

bool is_picture(const fs::path& path) {
  constexpr std::array<std::string_view, 5> kSuffixes = {".jpg", ".jpeg", ".png", ".tif", ".tiff"};
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return std::ranges::find(kSuffixes, suffix) != kSuffixes.end();
}

std::vector<fs::path> pictures_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture(entry.path()) && !is_hidden(entry.path())) {
      found.push_back(entry.path());
    }
  }
  return sorted(std::move(found));
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !is_hidden(entry.path())) found.push_back(entry.path());
  }
  return sorted(std::move(found));
}

}  // namespace quern
