#include "quern/zoo/zoo.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/table.h"
#include "quern/analysis/cost.h"
#include "quern/base/error.h"

namespace quern::cli {
namespace {

struct ZooCommand {
  std::string network;  ///< Empty: all of them.
  bool json = false;
};

void list_networks(bool as_json) {
  Table table({"network", "input", "classes", "parameters", "MACs", ""});
  nlohmann::json json = nlohmann::json::array();
  for (const ZooEntry& entry : zoo()) {
    json.push_back({{"name", entry.name},
                    {"summary", entry.summary},
                    {"input", entry.input},
                    {"classes", entry.classes},
                    {"parameters", entry.parameters},
                    {"macs", entry.macs},
                    {"widths", entry.widths},
                    {"inputs", entry.inputs}});
    table.add({"zoo:" + std::string(entry.name), fmt::format("{0}x{0}", entry.input),
               std::to_string(entry.classes), count_text(entry.parameters), count_text(entry.macs),
               std::string(entry.summary)});
  }
  std::cout << (as_json ? json.dump(2) + "\n" : table.text());
}

void list_sizes(const ZooEntry& entry, bool as_json) {
  Table table({"width", "input", "parameters", "MACs"});
  nlohmann::json json = nlohmann::json::array();
  for (const double width : entry.widths) {
    for (const int input : entry.inputs) {
      const NetworkCost counted =
          cost(make_network(entry.name, {.width = width, .input = input, .seed = std::nullopt}));
      json.push_back({{"width", width},
                      {"input", input},
                      {"parameters", counted.parameters},
                      {"macs", counted.macs}});
      table.add({fmt::format("{}", width), fmt::format("{0}x{0}", input),
                 count_text(counted.parameters), count_text(counted.macs)});
    }
  }
  std::cout << (as_json ? json.dump(2) + "\n" : table.text());
}

void run(const ZooCommand& options) {
  if (options.network.empty()) return list_networks(options.json);
  const std::string_view name = options.network;
  list_sizes(zoo_entry(zoo_name(name).value_or(name)), options.json);
}

}  // namespace

void add_zoo(CLI::App& command) {
  const auto options = std::make_shared<ZooCommand>();
  command
      .add_option("network", options->network,
                  "Show one network at the widths and inputs that weights were published for")
      ->type_name("NAME");
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
