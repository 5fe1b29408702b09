#include "quern/importers/onnx/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "onnx/onnx.pb.h"

namespace quern {
namespace {

constexpr std::array<std::string_view, 6> kOpsWithWeights = {
    "Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "PRelu"};

constexpr std::array<std::string_view, 12> kParameterSuffixes = {
    "weight",      "bias",        "kernel",          "gamma", "beta",  "running_mean",
    "running_var", "moving_mean", "moving_variance", "alpha", "scale", "depthwise_kernel"};

template <class List>
bool contains(const List& list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

bool is_quant(const onnx::NodeProto& node) {
  constexpr std::array<std::string_view, 4> kOps = {"BipolarQuant", "DequantizeLinear", "Quant",
                                                    "QuantizeLinear"};
  return contains(kOps, node.op_type());
}

/// "features.0.0" of "features.0.0.weight"; none where the name does not end in a parameter's.
std::optional<std::string> stem(std::string_view parameter) {
  // TensorFlow's names end in the number of an output; onnxruntime marks what it quantized.
  for (const std::string_view suffix : {"_quantized", ":0"}) {
    if (parameter.ends_with(suffix)) parameter.remove_suffix(suffix.size());
  }
  const std::size_t split = parameter.find_last_of("./");
  if (split == std::string_view::npos || split == 0) return std::nullopt;
  if (!contains(kParameterSuffixes, parameter.substr(split + 1))) return std::nullopt;
  return std::string(parameter.substr(0, split));
}

/// True for "Conv_12" and "node_conv2d_3": names that an exporter counted out.
bool is_counted_out(std::string_view name, std::string_view op) {
  if (name.starts_with("node_")) return true;
  if (!name.starts_with(op)) return false;
  name.remove_prefix(op.size());
  if (!name.empty() && name.front() == '_') name.remove_prefix(1);
  return std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// True where the scope path's last module, the part before the op, is the last part of `stem`.
bool ends_in_module(std::string_view path, std::string_view stem) {
  const std::size_t end = path.rfind('/');
  if (end == std::string_view::npos || end == 0) return false;
  const std::size_t begin = path.rfind('/', end - 1);
  const std::string_view module = path.substr(begin + 1, end - begin - 1);
  if (module.empty() || !stem.ends_with(module)) return false;
  return stem.size() == module.size() || stem[stem.size() - module.size() - 1] == '.';
}

/// "features.1.conv.0" of "/features/features.1/conv/conv.0/Conv": a part that repeats the one in
/// front of it, with an index, is an element of that list. None where `path` is no scope path.
std::optional<std::string> module_of(std::string_view path, std::string_view op) {
  const std::size_t end = path.rfind('/');
  if (!path.starts_with('/') || end < 2 || !is_counted_out(path.substr(end + 1), op)) {
    return std::nullopt;
  }
  std::string module;
  std::string list;
  for (std::size_t begin = 1; begin < end;) {
    const std::size_t next = path.find('/', begin);
    const std::string_view part = path.substr(begin, next - begin);
    begin = next + 1;
    if (part.empty()) return std::nullopt;
    if (!list.empty() && part.starts_with(list + ".")) {
      module.resize(module.size() - list.size());
    } else if (!module.empty()) {
      module += '.';
    }
    module += part;
    list = part;
  }
  return module;
}

class LayerNames {
 public:
  explicit LayerNames(const onnx::GraphProto& graph) : graph_(graph) {
    for (const auto& initializer : graph.initializer()) constants_.insert(initializer.name());
    for (int i = 0; i < graph.node_size(); ++i) {
      const onnx::NodeProto& node = graph.node(i);
      for (const std::string& output : node.output()) producers_.emplace(output, i);
      if (node.op_type() == "Constant")
        constants_.insert(node.output().begin(), node.output().end());
      for (int input = 0; input < node.input_size() && !is_quant(node); ++input) {
        first_readers_.try_emplace(node.input(input), Reader{i, input});
      }
    }
  }

  std::vector<std::string> run() {
    names_.resize(static_cast<std::size_t>(graph_.node_size()));
    for (int i = 0; i < graph_.node_size(); ++i) {
      const bool waits = is_quant(graph_.node(i)) && graph_.node(i).name().empty();
      if (!waits) at(i) = name_of(i);
    }
    // A Quant is called after its neighbours, so they come first.
    for (int i = 0; i < graph_.node_size(); ++i) name_quant(i);
    return std::move(names_);
  }

 private:
  std::string& at(int index) { return names_[static_cast<std::size_t>(index)]; }

  std::string name_of(int index) const {
    const onnx::NodeProto& node = graph_.node(index);
    if (const std::optional<std::string> stem = stem_of_weights(node)) {
      if (node.name().empty() || is_counted_out(node.name(), node.op_type()) ||
          ends_in_module(node.name(), *stem)) {
        return *stem;
      }
    } else if (has_weights(node)) {
      // An exporter that folds batch norms gives the weights that result a number.
      if (const auto module = module_of(node.name(), node.op_type())) return *module;
    }
    return node.name().empty() ? fmt::format("{}_{}", node.op_type(), index) : node.name();
  }

  bool has_weights(const onnx::NodeProto& node) const {
    return contains(kOpsWithWeights, node.op_type()) && node.input_size() > 1 &&
           constants_.contains(behind_quant(node.input(1)));
  }

  std::optional<std::string> stem_of_weights(const onnx::NodeProto& node) const {
    if (!contains(kOpsWithWeights, node.op_type())) return std::nullopt;
    for (int i = 1; i < node.input_size(); ++i) {
      const std::string& source = behind_quant(node.input(i));
      if (!constants_.contains(source)) continue;
      if (std::optional<std::string> found = stem(source)) return found;
    }
    return std::nullopt;
  }

  /// The value that a Quant computing `value`, or the pair of Q and DQ, reads; `value` itself
  /// otherwise.
  const std::string& behind_quant(const std::string& value) const {
    const std::string* source = &value;
    for (int i = 0; i < 2; ++i) {
      const auto producer = producers_.find(*source);
      if (producer == producers_.end()) break;
      const onnx::NodeProto& node = graph_.node(producer->second);
      if (!is_quant(node) || node.input_size() == 0) break;
      source = &node.input(0);
    }
    return *source;
  }

  void name_quant(int index) {
    const onnx::NodeProto& node = graph_.node(index);
    if (!is_quant(node) || !node.name().empty()) return;
    if (node.input_size() == 0) {
      at(index) = fmt::format("{}_{}", node.op_type(), index);
      return;
    }
    const std::string& source = node.input(0);
    if (constants_.contains(source)) {
      at(index) = parameter_quant(node, source);
    } else if (const auto producer = producers_.find(source); producer != producers_.end()) {
      // A series of Quants stays one suffix long.
      const bool in_series = is_quant(graph_.node(producer->second));
      at(index) = at(producer->second) + (in_series ? "" : ".output_quant");
    } else {
      at(index) = source + ".quant";
    }
  }

  /// After the first layer that reads the quantized parameter.
  std::string parameter_quant(const onnx::NodeProto& quant, const std::string& parameter) {
    const auto reader =
        quant.output_size() == 0 ? first_readers_.end() : first_readers_.find(quant.output(0));
    if (reader == first_readers_.end()) return parameter + ".quant";
    return at(reader->second.node) + (reader->second.input == 2 ? ".bias_quant" : ".weight_quant");
  }

  struct Reader {
    int node;
    int input;
  };

  const onnx::GraphProto& graph_;
  std::unordered_map<std::string, Reader> first_readers_;  ///< Of each value, Quants left out.
  std::unordered_set<std::string> constants_;
  std::unordered_map<std::string, int> producers_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<std::string> layer_names(const onnx::GraphProto& graph) {
  return LayerNames(graph).run();
}

}  // namespace quern
