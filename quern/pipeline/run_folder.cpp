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

namespace {

/// The folders of a path that do not exist, the innermost first.
std::vector<fs::path> missing(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ignored;
  for (fs::path at = folder; !at.empty() && !fs::exists(at, ignored); at = at.parent_path()) {
    paths.push_back(at);
  }
  return paths;
}

void throw_if(const std::error_code& error, const fs::path& folder) {
  if (error) fail(ErrorCode::kIo, "cannot write {}: {}", folder.string(), error.message());
}

}  // namespace

RunFolder::RunFolder(fs::path folder) : folder_(std::move(folder)) {
  const std::vector<fs::path> to_make = missing(folder_);
  const fs::path above = to_make.empty() ? folder_ : to_make.back().parent_path();
  const fs::path existing = above.empty() ? "." : above;
  std::error_code error;
  if (!fs::is_directory(existing, error)) error = std::make_error_code(std::errc::not_a_directory);
  if (!error && ::access(existing.c_str(), W_OK | X_OK) != 0) {
    error.assign(errno, std::generic_category());
  }
  throw_if(error, folder_);
}

RunFolder::~RunFolder() {
  log_to_file({});
  std::error_code ignored;
  if (!made_.empty()) fs::remove_all(made_.front(), ignored);
  for (const fs::path& made : made_) fs::remove(made, ignored);  // Leaves what others put there.
}

void RunFolder::open(const Recipe& recipe) {
  made_ = missing(folder_);
  std::error_code error;
  fs::create_directories(folder_, error);
  throw_if(error, folder_);
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
