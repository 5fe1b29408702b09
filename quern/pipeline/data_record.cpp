#include "quern/pipeline/data_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quern/base/sha256.h"
#include "quern/pipeline/read_data.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// The path below the first root that it lies in; else the path itself.
std::string name_of(const fs::path& path, const std::vector<fs::path>& roots) {
  for (const fs::path& root : roots) {
    const fs::path below = path.lexically_normal().lexically_relative(root.lexically_normal());
    if (!below.empty() && *below.begin() != "..") return below.string();
  }
  return path.string();
}

std::string digest(const LabelledSet& set, const std::vector<fs::path>& roots) {
  std::string lines;
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    const std::string label = set.is_multi_label()
                                  ? fmt::format("{}", fmt::join(set.targets_of(i), ""))
                                  : std::to_string(set.samples[i].label);
    lines += fmt::format("{} {}\n", name_of(set.samples[i].path, roots), label);
  }
  return sha256(std::as_bytes(std::span(lines)));
}

}  // namespace

nlohmann::json data_record(const DataRecipe& data, const LabelledSet& training,
                           const LabelledSet& validation) {
  nlohmann::json sources = nlohmann::json::array();
  std::vector<fs::path> roots;
  for (const DataSource& source : sources_of(data)) {
    sources.push_back({{"kind", source.kind}, {"root", source.root}});
    roots.emplace_back(source.root);
  }
  if (roots.empty() && !data.root.empty()) roots.emplace_back(data.root);
  const auto part = [&](const std::string& name, const LabelledSet& set) -> nlohmann::json {
    return {{"name", name}, {"pictures", set.samples.size()}, {"sha256", digest(set, roots)}};
  };
  nlohmann::json record = {{"training", part(data.training, training)}};
  if (data.validation.empty()) {
    record["validation"] = part(data.training, validation);
    record["hold_out"] = data.hold_out;
  } else {
    record["validation"] = part(data.validation, validation);
  }
  if (!sources.empty()) record["sources"] = sources;
  if (!data.root.empty()) record["root"] = data.root;
  return record;
}

}  // namespace quern
