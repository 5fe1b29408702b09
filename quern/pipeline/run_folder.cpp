#include "quern/pipeline/run_folder.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "quern/base/file.h"
#include "quern/base/log.h"
#include "quern/base/sha256.h"

namespace quern {

namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path folder, const Recipe& recipe)
    : folder_(std::move(folder)), seed_(recipe.seed) {
  write_file(folder_ / "recipe.resolved.toml", to_toml(recipe));
  log_to_file(folder_ / "log.txt");
}

RunFolder::~RunFolder() { log_to_file({}); }

fs::path RunFolder::model(const std::string& name) const { return folder_ / "models" / name; }

void RunFolder::add_input(const std::string& path) {
  std::error_code error;
  inputs_[path] = fs::is_regular_file(path, error) ? sha256_of(path) : "";
}

void RunFolder::add_output(const fs::path& path) {
  outputs_[path.lexically_relative(folder_).string()] = sha256_of(path);
}

void RunFolder::write_manifest(const nlohmann::json& results) const {
  const nlohmann::json manifest = {{"version", 1},        {"quern", QUERN_VERSION},
                                   {"seed", seed_},       {"inputs", inputs_},
                                   {"outputs", outputs_}, {"results", results}};
  write_file(folder_ / "manifest.json", manifest.dump(2) + "\n");
}

std::string sha256_of(const fs::path& path) { return sha256(read_file(path)); }

}  // namespace quern
