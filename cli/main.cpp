// The command: finds the verb, declares its flags, runs it, and turns what happens into an exit
// code.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <new>

#include "cli/commands.h"
#include "cli/difference.h"
#include "cli/torch_module.h"
#include "quern/base/error.h"
#include "quern/base/interrupt.h"
#include "quern/base/nearest.h"
#include "quern/base/progress.h"
#include "quern/base/readable.h"

namespace quern::cli {
namespace {

constexpr int kSuccess = 0;
constexpr int kInternalFailure = 1;
constexpr int kUsage = 2;
constexpr int kUnsupportedFailure = 3;
constexpr int kDifference = 5;
constexpr int kBadInput = 7;
constexpr int kInterrupted = 130;

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kUsage;
    case ErrorCode::kUnsupported:
      return kUnsupportedFailure;
    case ErrorCode::kParse:
    case ErrorCode::kIo:
      return kBadInput;
    case ErrorCode::kInternal:
      return kInternalFailure;
  }
  return kInternalFailure;
}

std::vector<std::string> verbs() {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  return names;
}

/// Declares every verb by name, and the flags of the one that is called: declaring all would load
/// LibTorch for `quern --help`.
void declare(CLI::App& app, std::string_view called) {
  app.require_subcommand(1);
  if (!called.empty() && !called.starts_with('-')) {
    const std::vector<std::string> known = verbs();
    require(std::ranges::find(known, called) != known.end(),
            "'{}' is not a verb of quern (nearest: '{}'; see `quern --help`)", called,
            nearest(called, known));
  }
  app.set_version_flag("--version", QUERN_VERSION);
  for (const Command& command : commands()) {
    CLI::App& verb = *app.add_subcommand(std::string(command.name), std::string(command.summary));
    if (command.name != called) continue;
    (command.add != nullptr ? command.add : torch_command(command.name))(verb);
  }
}

int report(const std::string& message, int code) {
  clear_progress_line();
  std::cerr << "quern: error: " << readable(message) << '\n';
  return code;
}

int run(int argc, char** argv) {
  // A file that may not grow any further is then a failed write, which has a sentence.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("quern: from a float CNN to a verified integer network", "quern");
  try {
    declare(app, argc > 1 ? argv[1] : "");
    app.parse(argc, argv);
    std::cout.flush();
    if (!std::cout) return report("cannot write to the standard output", kBadInput);
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const auto called = app.get_subcommands();
    const std::string help = called.empty() ? "quern" : "quern " + called[0]->get_name();
    return report(std::string(error.what()) + " (see `" + help + " --help`)", kUsage);
  } catch (const Interrupted& request) {
    return report(request.what(), kInterrupted);
  } catch (const Difference& difference) {
    return report(difference.what(), kDifference);
  } catch (const Error& error) {
    return report(error.what(), exit_code(error.code()));
  } catch (const std::bad_alloc&) {
    return report("out of memory", kInternalFailure);
  } catch (const std::exception& error) {
    return report(error.what(), kInternalFailure);
  }
}

}  // namespace
}  // namespace quern::cli

int main(int argc, char** argv) { return quern::cli::run(argc, argv); }
