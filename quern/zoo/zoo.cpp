#include "quern/zoo/zoo.h"

#include <algorithm>
#include <string>

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {

const ZooEntry& zoo_entry(std::string_view name) {
  const auto found = std::ranges::find(zoo(), name, &ZooEntry::name);
  if (found != zoo().end()) return *found;
  std::vector<std::string> known;
  for (const ZooEntry& entry : zoo()) known.emplace_back(entry.name);
  fail(ErrorCode::kInvalidArgument, "the zoo has no network '{}' (the nearest is '{}')", name,
       nearest(name, known));
}

Graph make_network(std::string_view name, const ZooOptions& options) {
  const ZooEntry& entry = zoo_entry(name);
  ZooOptions complete = options;
  complete.input = options.input.value_or(entry.input);
  complete.classes = options.classes.value_or(entry.classes);
  complete.framework = options.framework.value_or(entry.framework);
  require(options.width > 0 && options.width <= 8,
          "zoo network '{}': width must be above 0 and at most 8, got {}", name, options.width);
  require(*complete.input >= 8 && *complete.input <= 4096,
          "zoo network '{}': input must be 8 to 4096 pixels, got {}", name, *complete.input);
  require(*complete.classes >= 1 && *complete.classes <= 1000000,
          "zoo network '{}': classes must be 1 to 1000000, got {}", name, *complete.classes);
  return entry.make(complete);
}

std::optional<std::string_view> zoo_name(std::string_view model) {
  constexpr std::string_view kPrefix = "zoo:";
  if (!model.starts_with(kPrefix)) return std::nullopt;
  return model.substr(kPrefix.size());
}

}  // namespace quern
