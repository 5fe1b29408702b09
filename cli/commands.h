#pragma once

#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace quern::cli {

/// Declares a verb's flags and what it runs.
using AddCommand = void (*)(CLI::App& command);

/// A verb. Those without `add` need LibTorch and are in the module that is opened when they are
/// called.
struct Command {
  std::string_view name;
  std::string_view summary;
  AddCommand add = nullptr;
};

/// All verbs, in the order in which a newcomer needs them.
const std::vector<Command>& commands();

/// What the module exports under the C name "quern_torch_commands": its verbs, ended by one without
/// a name.
using TorchCommands = const Command* (*)();

// The verbs that need LibTorch.
void add_bench(CLI::App& command);
void add_demo(CLI::App& command);
void add_evaluate(CLI::App& command);
void add_quantize(CLI::App& command);
void add_report(CLI::App& command);
void add_run(CLI::App& command);
void add_train(CLI::App& command);
void add_verify(CLI::App& command);

// The verbs that do not.
void add_export(CLI::App& command);
void add_import_weights(CLI::App& command);
void add_info(CLI::App& command);
void add_init(CLI::App& command);
void add_lower(CLI::App& command);
void add_zoo(CLI::App& command);

}  // namespace quern::cli
