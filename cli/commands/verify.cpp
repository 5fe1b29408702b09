#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/commands.h"
#include "cli/difference.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/readable.h"
#include "quern/base/sha256.h"
#include "quern/pipeline/quantize.h"
#include "quern/verify/verify_integers.h"

namespace quern::cli {
namespace {

namespace fs = std::filesystem;

struct VerifyCommand {
  Recipe recipe;
  LowerOptions options;
  std::string source;
  std::string data;
  std::string quantized;
  std::vector<CMachine> machines;
  bool json = false;
};

/// A quantized graph and the integers that are held against it.
struct Forms {
  Graph graph;
  IntModel model;
  LowerOptions options;
};

/// The file of the graph that an integer network was made of.
fs::path graph_of(const VerifyCommand& options, const Provenance& provenance) {
  const fs::path recorded = fs::path(options.source).parent_path() / provenance.source;
  fs::path path = options.quantized.empty() ? recorded : fs::path(options.quantized);
  if (provenance.source.empty() && options.quantized.empty()) {
    fail(ErrorCode::kUnsupported,
         "{} does not say which quantized network it was made of; --quantized names it",
         options.source);
  }
  if (!fs::exists(path)) {
    fail(ErrorCode::kIo, "{} was made of {}, which is gone; --quantized names it elsewhere",
         options.source, path.string());
  }
  if (!provenance.source_sha256.empty() && sha256(read_file(path)) != provenance.source_sha256) {
    fail(ErrorCode::kParse,
         "{} is not the network that {} was made of: its content is another; lower it again",
         path.string(), options.source);
  }
  return path;
}

/// The file itself, or, of the folder of a run, what quantization or training left there.
fs::path network_of(const fs::path& source) {
  if (!fs::is_directory(source)) return source;
  fs::path quantized = source / "models" / "quantized.onnx";
  return fs::exists(quantized) ? quantized : source / "models" / "best.onnx";
}

Forms forms_of(const VerifyCommand& options) {
  if (is_integer_network(options.source)) {
    IntegerFile file = load_integers(options.source);
    const fs::path path = graph_of(options, file.provenance);
    return {load(options.recipe, path.string()), std::move(file.model), file.provenance.options};
  }
  const fs::path path = network_of(options.source);
  Forms forms{load(options.recipe, path.string()), {}, options.options};
  forms.model = lower(forms.graph, forms.options).model;
  return forms;
}

nlohmann::json to_json(const VerifyReport& report) {
  const auto text = [](const std::string& value) {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  };
  nlohmann::json json = {{"images", report.images},
                         {"skipped", report.skipped.size()},
                         {"holds", report.holds()},
                         {"altered", nullptr}};
  if (report.altered) {
    json["altered"] = {{"layer", text(report.altered->layer)},
                       {"number", report.altered->sentence}};
  }
  for (const FormPair& pair : report.pairs) {
    json["pairs"].push_back({{"forms", pair.forms},
                             {"elements", pair.elements},
                             {"differing", pair.differing},
                             {"by_kind", pair.by_kind},
                             {"largest", pair.largest},
                             {"first_layer", text(pair.first_layer)},
                             {"cause", text(pair.cause)},
                             {"holds", pair.holds}});
  }
  return json;
}

/// What was counted.
std::string sentence(const FormPair& pair) {
  std::string text = fmt::format("{} and {}: {} of {} elements differ", pair.forms[0],
                                 pair.forms[1], pair.differing, pair.elements);
  const char* separator = " (";
  for (const auto& [kind, differing] : pair.by_kind) {
    text += fmt::format("{}{} of {}", std::exchange(separator, ", "), differing, kind);
  }
  if (!pair.by_kind.empty()) text += ")";
  if (pair.largest > 0) text += fmt::format(", by up to {}", pair.largest);
  if (pair.differing > 0) text += fmt::format(", first in '{}'", pair.first_layer);
  return readable(text);
}

/// What is wrong with a pair that does not hold.
std::string verdict(const FormPair& pair) {
  std::string text =
      fmt::format("{} and {} are not the same network", pair.forms[0], pair.forms[1]);
  if (!pair.first_layer.empty()) text += fmt::format(", first in layer '{}'", pair.first_layer);
  if (!pair.cause.empty()) text += ": " + pair.cause;
  return text;
}

void run(const VerifyCommand& options) {
  const Forms forms = forms_of(options);
  const LoaderOptions loader =
      loader_options(options.recipe, resolve(options.recipe.data.preprocess, forms.graph));
  const VerifyReport report = verify_integers(
      forms.graph, forms.model, forms.options,
      samples_of(options.recipe.data, from_here(options.data)), loader, options.machines);
  if (options.json) {
    std::cout << to_json(report).dump(2) << '\n';
  } else {
    for (const FormPair& pair : report.pairs) std::cout << sentence(pair) << '\n';
  }
  const auto differing = std::ranges::find(report.pairs, false, &FormPair::holds);
  if (differing != report.pairs.end()) throw Difference(verdict(*differing));
}

}  // namespace

void add_verify(CLI::App& command) {
  const auto options = std::make_shared<VerifyCommand>();
  command
      .add_option("model", options->source,
                  "A .quern file, a quantized network, or the folder of a run")
      ->required()
      ->type_name("MODEL");
  command
      .add_option("--data", options->data,
                  "A list of 'relative/path label' lines, or a folder with one folder per class")
      ->required()
      ->type_name("LIST|FOLDER");
  command
      .add_option("--quantized", options->quantized,
                  "The quantized network of a .quern file, where it has moved")
      ->type_name("FILE");
  command
      .add_option_function<std::vector<std::string>>(
          "--c",
          [options](const std::vector<std::string>& words) {
            for (const std::string& word : words) {
              options->machines.push_back(c_machine_from(word));
            }
          },
          "Also run the C that export writes: host: built by cc; m4: a Cortex-M4 in QEMU")
      ->delimiter(',')
      ->check(CLI::IsMember({"host", "m4"}));
  add_lower_options(command, options->options);
  add_data_options(command, options->recipe);
  add_threads_option(command, options->recipe);
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
