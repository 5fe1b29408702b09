#include "quern/data/internal/painted_set.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "painted.json";  ///< Which set lies in a root.

/// What was painted in a root; nothing where it has no record.
FirePhotosOptions painted_before(const fs::path& root) {
  FirePhotosOptions painted{.train = 0, .test = 0};
  const fs::path record = root / kRecord;
  if (!fs::exists(record)) return painted;
  const nlohmann::json json = nlohmann::json::parse(read_text(record), nullptr, false);
  for (const auto& [key, count] :
       {std::pair("train", &painted.train), std::pair("test", &painted.test)}) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_number_integer()) {
      fail(ErrorCode::kParse, "{} does not say how many photos of '{}' were painted",
           record.string(), key);
    }
    *count = json[key].get<int>();
  }
  return painted;
}

/// Whether a painting of `count` photos writes a file of this name.
bool is_painted(const fs::path& file, const char* suffix, int count) {
  const std::string stem = file.stem().string();
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), index);
  return error == std::errc{} && file.extension() == suffix && std::cmp_less(index, count) &&
         painted_name(index) == stem;
}

/// Adds the files of a folder that a painting of `count` photos wrote.
void find_painted(const fs::path& folder, const char* suffix, int count,
                  std::vector<fs::path>& found) {
  if (!fs::exists(folder)) return;
  for (const fs::path& file : fs::directory_iterator(folder)) {
    require(is_painted(file, suffix, count),
            "{} lies where photos are to be painted and was not painted; expected an empty folder, "
            "or one of painted photos only",
            file.string());
    found.push_back(file);
  }
}

}  // namespace

std::string painted_name(std::size_t index) { return fmt::format("{:05}", index); }

void begin_painted_set(const fs::path& root, const FirePhotosOptions& options) {
  try {
    const FirePhotosOptions painted = painted_before(root);
    std::vector<fs::path> found;
    for (const auto& [split, count] :
         {std::pair("train", painted.train), std::pair("test", painted.test)}) {
      find_painted(root / split / "images", ".jpg", count, found);
      find_painted(root / split / "labels", ".txt", count, found);
    }
    for (const fs::path& file : found) fs::remove(file);
  } catch (const fs::filesystem_error& error) {
    fail(ErrorCode::kIo, "cannot empty {}: {}", root.string(), error.code().message());
  }
  const nlohmann::json record = {{"train", options.train},
                                 {"test", options.test},
                                 {"side", options.side},
                                 {"seed", options.seed}};
  write_file(root / kRecord, record.dump(2) + "\n");
}

}  // namespace quern
