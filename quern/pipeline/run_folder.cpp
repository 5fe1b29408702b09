#include "quern/pipeline/run_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/log.h"
#include "quern/base/sha256.h"

namespace quern {

namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  for (fs::path at = folder_; !at.empty() && !fs::exists(at, error); at = at.parent_path()) {
    made_.push_back(at);
  }
  fs::create_directories(folder_, error);
  if (!error && ::access(folder_.c_str(), W_OK | X_OK) != 0) {
    error.assign(errno, std::generic_category());
  }
  if (error) fail(ErrorCode::kIo, "cannot write {}: {}", folder_.string(), error.message());
}

RunFolder::~RunFolder() {
  log_to_file({});
  std::error_code ignored;
  for (const fs::path& made : made_) fs::remove(made, ignored);  // Leaves a folder with files.
}

void RunFolder::open(const Recipe& recipe) {
  seed_ = recipe.seed;
  write_file(folder_ / "recipe.resolved.toml", to_toml(recipe));
  log_to_file(folder_ / "log.txt");
}

fs::path RunFolder::model(const std::string& name) const { return folder_ / "models" / name; }

void RunFolder::add_input(const std::string& path) {
  std::error_code error;
  inputs_[path] = fs::is_regular_file(path, error) ? sha256_of(path) : "";
}

void RunFolder::add_output(const fs::path& path) {
  outputs_[path.lexically_relative(folder_).string()] = sha256_of(path);
}

void RunFolder::add_data(const nlohmann::json& record) { data_ = record; }

void RunFolder::write_manifest(const nlohmann::json& results) const {
  nlohmann::json manifest = {{"version", 1},      {"quern", QUERN_VERSION}, {"seed", seed_},
                             {"inputs", inputs_}, {"outputs", outputs_},    {"results", results}};
  if (!data_.is_null()) manifest["data"] = data_;
  write_file(folder_ / "manifest.json", manifest.dump(2) + "\n");
}

std::string sha256_of(const fs::path& path) { return sha256(read_file(path)); }

}  // namespace quern
