#include <fmt/ranges.h>

#include <system_error>

#include "quern/base/error.h"
#include "quern/data/kinds/kinds.h"
#include "quern/data/picture_files.h"

namespace quern {

namespace fs = std::filesystem;

fs::path split_folder(const fs::path& root, const std::string& split) {
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    const std::error_code cause = error ? error : std::make_error_code(std::errc::not_a_directory);
    fail(ErrorCode::kIo, "cannot read {}: {}", root.string(), cause.message());
  }
  fs::path folder = root / split;
  if (fs::is_directory(folder, error)) return folder;
  std::vector<std::string> found;
  for (const fs::path& other : folders_in(root)) found.push_back(other.filename().string());
  fail(ErrorCode::kInvalidArgument, "{}: there is no split '{}' (folders found: {})", root.string(),
       split, found.empty() ? "none" : fmt::format("{}", fmt::join(found, ", ")));
}

}  // namespace quern
