#include "cli/load.h"

#include <algorithm>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/models/load_model.h"

namespace quern::cli {

Graph load(const Recipe& recipe, const std::string& source) {
  LoadedModel loaded = load_model(source, zoo_options(recipe));
  for (const std::string& warning : loaded.warnings) log_warning("{}", warning);
  for (const std::string& note : loaded.notes) log_info("{}", note);
  return std::move(loaded.graph);
}

void check_zoo_options(const Recipe& recipe, const std::vector<std::string>& sources) {
  const ModelRecipe defaults;
  const ModelRecipe& model = recipe.model;
  const bool is_given = model.width != defaults.width || model.input || model.classes;
  const bool has_zoo_network = std::ranges::any_of(
      sources, [](const std::string& source) { return zoo_name(source).has_value(); });
  require(!is_given || has_zoo_network,
          "--width, --input and --classes belong to networks of the zoo; {} is a file",
          sources.at(0));
}

}  // namespace quern::cli
