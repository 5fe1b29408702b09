#include "quern/pipeline/run_folder.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/log.h"

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

std::string sha256_of(const fs::path& path) {
  const std::vector<std::byte> content = read_file(path);
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  ensure(done == 1, "SHA-256 of {} failed", path.string());
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace quern
