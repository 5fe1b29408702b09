#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/recipe/recipe.h"

namespace quern::cli {
namespace {

struct InitCommand {
  std::string flow;
  std::string output;
  bool force = false;
};

std::vector<std::string> flows() {
  std::vector<std::string> names;
  for (const ReadyMadeRecipe& recipe : ready_made_recipes()) names.emplace_back(recipe.name);
  return names;
}

void run(const InitCommand& options) {
  const std::string path = options.output.empty() ? options.flow + ".toml" : options.output;
  require(options.force || !std::filesystem::exists(path),
          "{} exists already (--force replaces it)", path);
  for (const ReadyMadeRecipe& recipe : ready_made_recipes()) {
    if (recipe.name == options.flow) write_file(path, recipe.text);
  }
  std::cout << "wrote " << path << '\n';
}

}  // namespace

void add_init(CLI::App& command) {
  const auto options = std::make_shared<InitCommand>();
  command.add_option("flow", options->flow, "One of: " + join(flows()))
      ->required()
      ->check(CLI::IsMember(flows()));
  command.add_option("-o,--output", options->output, "The file (default: FLOW.toml)")
      ->check(not_empty())
      ->type_name("FILE");
  command.add_flag("--force", options->force, "Replace an existing file");
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
