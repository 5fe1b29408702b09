#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/integer_info.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/log.h"
#include "quern/base/sha256.h"
#include "quern/engine/model_file.h"
#include "quern/lower/weight_arrays.h"
#include "quern/tensor/npz.h"

namespace quern::cli {
namespace {

namespace fs = std::filesystem;

struct LowerCommand {
  Recipe recipe;
  LowerOptions options;
  std::string output;
  std::string weights;
};

/// Remembers the quantized graph's file, from which verify takes the fake-quant side.
void record_source(IntModel& model, const std::string& source, const fs::path& output) {
  if (!fs::is_regular_file(source)) return;
  Provenance provenance = provenance_of(model);
  const fs::path folder = fs::absolute(output).parent_path();
  provenance.source = fs::absolute(source).lexically_relative(folder).generic_string();
  provenance.source_sha256 = sha256(read_file(source));
  model.provenance = to_texts(provenance);
}

/// Refuses to write over the network that is read.
void check_output(const std::string& source, const std::string& output) {
  std::error_code none_there;
  require(!fs::equivalent(source, output, none_there),
          "'{}' is the network to be lowered: the integers need a file of their own", output);
}

void run(const LowerCommand& options) {
  const std::string& source = options.recipe.model.source;
  check_output(source, options.output);
  check_output(source, options.weights);
  check_zoo_options(options.recipe, {source});
  LoweredModel lowered = lower(load(options.recipe, source), options.options);
  for (const std::string& note : lowered.report.notes) log_info("{}", note);
  record_source(lowered.model, source, options.output);
  write_model(lowered.model, options.output);
  if (!options.weights.empty()) write_npz(options.weights, weight_arrays(lowered.model));
  std::cout << fmt::format("wrote {}: {} ops, {} bytes of weights, {} bytes of memory\n",
                           options.output, lowered.model.ops.size(), weight_bytes(lowered.model),
                           lowered.model.memory.arena_bytes);
  if (lowered.report.bounds.empty()) return;
  const auto largest =
      std::ranges::max_element(lowered.report.bounds, {}, &AccumulatorBound::bound);
  std::cout << fmt::format("the largest accumulator, of '{}', stays within {} of {}\n",
                           largest->layer, largest->bound, INT32_MAX);
}

}  // namespace

void add_lower(CLI::App& command) {
  const auto options = std::make_shared<LowerCommand>();
  add_model_options(command, options->recipe);
  command.add_option("-o,--output", options->output, "The .quern file")
      ->required()
      ->check(not_empty())
      ->type_name("FILE");
  add_lower_options(command, options->options);
  command
      .add_option("--dump-weights", options->weights,
                  "Also write weights, biases, multipliers, shifts and scales by layer, as .npz")
      ->type_name("FILE");
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
