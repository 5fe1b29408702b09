#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/integer_info.h"
#include "cli/integers.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/table.h"
#include "quern/analysis/cost.h"
#include "quern/analysis/quantizable.h"
#include "quern/analysis/targets.h"
#include "quern/base/error.h"
#include "quern/base/readable.h"
#include "quern/lower/weight_arrays.h"
#include "quern/tensor/npz.h"

namespace quern::cli {
namespace {

struct InfoCommand {
  Recipe recipe;
  std::string target;
  std::string weights;
  bool json = false;
};

// --- for a script
// ---------------------------------------------------------------------------------

nlohmann::json to_json(const std::optional<Dims>& dims) {
  if (!dims) return nullptr;
  nlohmann::json json = nlohmann::json::array();
  for (const Dim& dim : *dims) {
    json.push_back(dim.is_fixed() ? nlohmann::json(dim.size) : nlohmann::json(dim.symbol));
  }
  return json;
}

template <class T>
nlohmann::json to_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json to_json(const Graph& graph, const std::vector<ValueId>& values) {
  nlohmann::json json = nlohmann::json::array();
  for (const ValueId id : values) {
    const Value& value = graph.value(id);
    json.push_back(
        {{"name", value.name}, {"dtype", name(value.dtype)}, {"shape", to_json(value.dims)}});
  }
  return json;
}

nlohmann::json to_json(const LayerCost& layer) {
  return {{"layer", layer.layer},
          {"op", layer.op},
          {"input_shape", to_json(layer.input)},
          {"output_shape", to_json(layer.output)},
          {"macs", layer.macs},
          {"parameters", layer.parameters},
          {"float_bytes", layer.float_bytes},
          {"bytes", layer.bytes},
          {"weight_bits", to_json(layer.weight_bits)},
          {"activation_bits", to_json(layer.activation_bits)},
          {"weight_scale", layer.weight_scale},
          {"activation_scale", layer.activation_scale}};
}

nlohmann::json to_json(const Preprocessing& how) {
  return {{"resize", to_json(how.resize)},
          {"crop", how.crop},
          {"central_crop", to_json(how.central_crop)},
          {"stretch", how.stretch},
          {"scale", how.scale},
          {"mean", how.mean},
          {"std", how.std},
          {"bgr", how.bgr}};
}

nlohmann::json to_json(const Graph& graph, const NetworkCost& cost) {
  nlohmann::json json = {{"name", graph.name},
                         {"inputs", to_json(graph, graph.inputs())},
                         {"outputs", to_json(graph, graph.outputs())},
                         {"macs", cost.macs},
                         {"parameters", cost.parameters},
                         {"float_bytes", cost.float_bytes},
                         {"bytes", cost.bytes},
                         {"peak_float_bytes", cost.peak_float_bytes},
                         {"peak_bytes", cost.peak_bytes}};
  if (graph.preprocessing) json["preprocessing"] = to_json(*graph.preprocessing);
  for (const LayerCost& layer : cost.layers) json["layers"].push_back(to_json(layer));
  for (const FloatLayer& layer : float_layers(graph)) {
    json["stays_float"].push_back(
        {{"layer", layer.layer}, {"op", layer.op}, {"reason", layer.reason}});
  }
  return json;
}

// --- for a person
// ---------------------------------------------------------------------------------

std::string values_text(const Graph& graph, const std::vector<ValueId>& values) {
  std::vector<std::string> parts;
  for (const ValueId id : values) {
    const Value& value = graph.value(id);
    parts.push_back(fmt::format("{} {} {}", value.name, name(value.dtype),
                                value.dims ? to_string(*value.dims) : "[?]"));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string preprocessing_text(const Preprocessing& how) {
  return fmt::format("resize {}{}, crop {}, {}, scale {:.6g}, mean {:.4g}, std {:.4g}",
                     how.resize ? std::to_string(*how.resize) : "none",
                     how.stretch ? " of both sides" : "", how.crop, how.bgr ? "BGR" : "RGB",
                     how.scale, fmt::join(how.mean, ","), fmt::join(how.std, ","));
}

/// "52 Conv, 35 Relu": the most frequent first.
std::string ops_text(const NetworkCost& cost) {
  std::map<std::string, int> counts;
  for (const LayerCost& layer : cost.layers) ++counts[layer.op];
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [op, count] : counts) sorted.emplace_back(-count, op);
  std::ranges::sort(sorted);
  std::vector<std::string> parts;
  for (const auto& [count, op] : sorted) parts.push_back(fmt::format("{} {}", -count, op));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// "0.0235", or "0.00121 … 0.0411" of a scale per channel.
std::string scale_text(const std::vector<float>& scale) {
  if (scale.empty()) return "-";
  const auto [low, high] = std::ranges::minmax(scale);
  return low == high ? fmt::format("{:.4g}", low) : fmt::format("{:.3g} … {:.3g}", low, high);
}

std::string bits_text(const std::optional<int>& bits) { return bits ? std::to_string(*bits) : "-"; }

void print_summary(const Graph& graph, const NetworkCost& cost, bool is_quantized) {
  const auto line = [](std::string_view what, const std::string& text) {
    std::cout << fmt::format("{:<12}  {}\n", what, readable(text));
  };
  const auto bytes = [&](std::int64_t in_float, std::int64_t quantized) {
    const std::string text = bytes_text(in_float) + " in float";
    return is_quantized ? text + ", " + bytes_text(quantized) + " quantized" : text;
  };
  line("reads", values_text(graph, graph.inputs()));
  line("answers", values_text(graph, graph.outputs()));
  line("pictures", graph.preprocessing ? preprocessing_text(*graph.preprocessing)
                                       : "preprocessing is not recorded");
  line("nodes", ops_text(cost));
  line("parameters",
       fmt::format("{}: {}", count_text(cost.parameters), bytes(cost.float_bytes, cost.bytes)));
  line("MACs", count_text(cost.macs));
  line("activations", "peak " + bytes(cost.peak_float_bytes, cost.peak_bytes));
}

void print_layers(const NetworkCost& cost, bool is_quantized) {
  std::vector<std::string> header = {"layer", "op", "output", "MACs", "parameters"};
  if (is_quantized) {
    header.insert(header.end(), {"bytes", "w bits", "a bits", "w scale", "a scale"});
  }
  Table table(header);
  for (const LayerCost& layer : cost.layers) {
    if (layer.op == "Quant") continue;  // its facts stand at the layer that it belongs to
    std::vector<std::string> row = {layer.layer, layer.op,
                                    layer.output ? to_string(*layer.output) : "[?]",
                                    layer.macs > 0 ? count_text(layer.macs) : "-",
                                    layer.parameters > 0 ? count_text(layer.parameters) : "-"};
    if (is_quantized) {
      row.insert(row.end(), {layer.bytes > 0 ? count_text(layer.bytes) : "-",
                             bits_text(layer.weight_bits), bits_text(layer.activation_bits),
                             scale_text(layer.weight_scale), scale_text(layer.activation_scale)});
    }
    table.add(row);
  }
  std::cout << '\n' << table.text();
}

void print_float_layers(const Graph& graph) {
  const std::vector<FloatLayer> layers = float_layers(graph);
  if (layers.empty()) return;
  Table table({"stays float", "op", "because"});
  for (const FloatLayer& layer : layers) table.add({layer.layer, layer.op, layer.reason});
  std::cout << '\n' << table.text();
}

void print_findings(const std::vector<Finding>& findings, bool as_json) {
  nlohmann::json json = nlohmann::json::array();
  for (const Finding& finding : findings) {
    json.push_back(
        {{"layer", finding.layer}, {"rule", finding.rule}, {"message", finding.message}});
    if (!as_json) {
      std::cout << readable(fmt::format("layer '{}': {} ({})", finding.layer, finding.message,
                                        finding.rule))
                << '\n';
    }
  }
  if (as_json) {
    std::cout << nlohmann::json{{"target", "finn"}, {"findings", json}}.dump(2) << '\n';
  } else if (findings.empty()) {
    std::cout << "FINN can take this model: no finding\n";
  }
}

void lint(const Graph& graph, bool as_json) {
  const std::vector<Finding> findings = lint_finn(graph);
  print_findings(findings, as_json);
  if (!findings.empty()) {
    fail(ErrorCode::kUnsupported, "FINN can not take this model: {} finding{}", findings.size(),
         findings.size() == 1 ? "" : "s");
  }
}

void dump_weights(const IntModel& model, const std::string& path) {
  const std::map<std::string, Tensor> arrays = weight_arrays(model);
  write_npz(path, arrays);
  std::cout << fmt::format("wrote {}: {} arrays\n", path, arrays.size());
}

void run_integers(const InfoCommand& options) {
  require(options.target.empty(), "--target looks at graphs, {} is an integer network",
          options.recipe.model.source);
  const IntegerFile file = load_integers(options.recipe.model.source);
  if (!options.weights.empty()) return dump_weights(file.model, options.weights);
  if (options.json) {
    std::cout << integers_json(file).dump(2) << '\n';
  } else {
    std::cout << integers_text(file);
  }
}

void run(const InfoCommand& options) {
  check_zoo_options(options.recipe, {options.recipe.model.source});
  if (is_integer_network(options.recipe.model.source)) return run_integers(options);
  const Graph graph = load(options.recipe, options.recipe.model.source);
  if (!options.weights.empty()) return dump_weights(lower(graph).model, options.weights);
  if (!options.target.empty()) {
    lint(graph, options.json);
    return;
  }
  const NetworkCost network = cost(graph);
  if (options.json) {
    std::cout << to_json(graph, network).dump(2) << '\n';
    return;
  }
  const bool is_quantized = !graph.quantizers().empty();
  print_summary(graph, network, is_quantized);
  print_layers(network, is_quantized);
  print_float_layers(graph);
}

}  // namespace

void add_info(CLI::App& command) {
  const auto options = std::make_shared<InfoCommand>();
  add_model_options(command, options->recipe);
  command
      .add_option("--target", options->target,
                  "finn: list, layer by layer, what FINN would refuse (exit 3 if anything)")
      ->check(CLI::IsMember({"finn"}));
  command
      .add_option("--dump-weights", options->weights,
                  "Instead: write the integers of a quantized network or a .quern file, by layer, "
                  "as .npz")
      ->type_name("FILE");
  add_json_option(command, options->json);
  command.callback([options] { run(*options); });
}

}  // namespace quern::cli
