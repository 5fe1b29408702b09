#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

/// Where a run leaves its results: recipe.resolved.toml, log.txt, manifest.json, models/.
///
/// The manifest names the version, the recipe's seed, and the SHA-256 of every file that went in or
/// came out, so that a result can be traced to what made it.
class RunFolder {
 public:
  /// Finds out whether the folder can be written, so that a run is refused before its work. Makes
  /// nothing: a run that is stopped leaves nothing. @throws Error(kIo) naming the folder and the
  /// cause.
  explicit RunFolder(std::filesystem::path folder);
  /// Where a file could not be written, a folder that `open` made is gone again.
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  /// Makes the folder, writes the resolved recipe and the log so far. An older run in the same
  /// folder is written over file by file. @throws Error(kIo) naming what can not be written.
  void open(const Recipe& recipe);
  /// From here on the folder stays, whatever happens: it holds a result, or what a later run goes
  /// on from.
  void keep() { made_.clear(); }

  /// RUN/models/NAME
  std::filesystem::path model(const std::string& name) const;

  /// Notes a file that the run read or wrote in the manifest. One that does not exist (a zoo
  /// network) is noted by name only.
  void add_input(const std::string& path);
  void add_output(const std::filesystem::path& path);

  /// Notes the pictures of a training run in the manifest.
  void add_data(const nlohmann::json& record);

  /// Writes manifest.json: what was added, and `results`.
  void write_manifest(const nlohmann::json& results) const;

  const std::filesystem::path& path() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> made_;  // by `open`, the innermost first; none are to go
  std::uint64_t seed_ = 0;
  std::map<std::string, std::string> inputs_;  // path → SHA-256
  std::map<std::string, std::string> outputs_;
  nlohmann::json data_;  // null: none was added
};

/// Lower-case hexadecimal SHA-256 of a file. @throws Error(kIo) naming the path.
std::string sha256_of(const std::filesystem::path& path);

}  // namespace quern
