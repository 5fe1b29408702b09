#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "quern/recipe/recipe.h"

namespace quern {

/// Where a run leaves its results: recipe.resolved.toml, log.txt, manifest.json, models/.
///
/// The manifest names the version, the recipe's seed, and the SHA-256 of every file that went in or
/// came out, so that a result can be traced to what made it.
class RunFolder {
 public:
  /// Makes the folder, writes the resolved recipe and opens the log. An older run in the same
  /// folder is written over file by file. @throws Error(kIo) naming what can not be written.
  RunFolder(std::filesystem::path folder, const Recipe& recipe);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  /// RUN/models/NAME
  std::filesystem::path model(const std::string& name) const;

  /// Notes a file that the run read or wrote in the manifest. One that does not exist (a zoo
  /// network) is noted by name only.
  void add_input(const std::string& path);
  void add_output(const std::filesystem::path& path);

  /// Writes manifest.json: what was added, and `results`.
  void write_manifest(const nlohmann::json& results) const;

  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::uint64_t seed_;
  std::map<std::string, std::string> inputs_;  // path → SHA-256
  std::map<std::string, std::string> outputs_;
};

/// Lower-case hexadecimal SHA-256 of a file. @throws Error(kIo) naming the path.
std::string sha256_of(const std::filesystem::path& path);

}  // namespace quern
