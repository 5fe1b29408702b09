#include "quern/zoo/zoo.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"

namespace quern::cli {
namespace {

void run(bool as_json) {
  Table table({"network", "input", "classes", "parameters", "MACs", ""});
  nlohmann::json json = nlohmann::json::array();
  for (const ZooEntry& entry : zoo()) {
    json.push_back({{"name", entry.name},
                    {"summary", entry.summary},
                    {"input", entry.input},
                    {"classes", entry.classes},
                    {"parameters", entry.parameters},
                    {"macs", entry.macs}});
    table.add({"zoo:" + std::string(entry.name), fmt::format("{0}x{0}", entry.input),
               std::to_string(entry.classes), count_text(entry.parameters), count_text(entry.macs),
               std::string(entry.summary)});
  }
  std::cout << (as_json ? json.dump(2) + "\n" : table.text());
}

}  // namespace

void add_zoo(CLI::App& command) {
  const auto json = std::make_shared<bool>(false);
  add_json_option(command, *json);
  command.callback([json] { run(*json); });
}

}  // namespace quern::cli
