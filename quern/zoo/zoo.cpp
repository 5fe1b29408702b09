#include "quern/zoo/zoo.h"

#include <string>

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {

Graph make_network(std::string_view name, const ZooOptions& options) {
  std::vector<std::string> known;
  for (const ZooEntry& entry : zoo()) {
    known.emplace_back(entry.name);
    if (entry.name != name) continue;
    ZooOptions complete = options;
    complete.input = options.input.value_or(entry.input);
    complete.classes = options.classes.value_or(entry.classes);
    require(options.width > 0 && options.width <= 8,
            "zoo network '{}': width must be above 0 and at most 8, got {}", name, options.width);
    require(*complete.input >= 8 && *complete.input <= 4096,
            "zoo network '{}': input must be 8 to 4096 pixels, got {}", name, *complete.input);
    require(*complete.classes >= 1 && *complete.classes <= 1000000,
            "zoo network '{}': classes must be 1 to 1000000, got {}", name, *complete.classes);
    return entry.make(complete);
  }
  fail(ErrorCode::kInvalidArgument, "the zoo has no network '{}' (the nearest is '{}')", name,
       nearest(name, known));
}

std::optional<std::string_view> zoo_name(std::string_view model) {
  constexpr std::string_view kPrefix = "zoo:";
  if (!model.starts_with(kPrefix)) return std::nullopt;
  return model.substr(kPrefix.size());
}

}  // namespace quern
