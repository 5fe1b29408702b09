#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "quern/pipeline/report_run.h"

namespace quern::cli {

void add_report(CLI::App& command) {
  const auto run = std::make_shared<std::string>();
  command.add_option("run", *run, "The run folder")
      ->required()
      ->check(not_empty())
      ->type_name("FOLDER");
  command.callback([run] {
    for (const std::filesystem::path& path : rewrite_report(*run)) {
      std::cout << fmt::format("wrote {}\n", path.string());
    }
  });
}

}  // namespace quern::cli
