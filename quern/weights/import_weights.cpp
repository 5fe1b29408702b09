#include "quern/weights/import_weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "quern/base/error.h"
#include "quern/importers/import_model.h"
#include "quern/passes/passes.h"
#include "quern/weights/fill_network.h"
#include "quern/weights/match_layers.h"
#include "quern/weights/named_layers.h"
#include "quern/weights/weight_file.h"
#include "quern/zoo/zoo.h"

namespace quern {
namespace {

/// TensorFlow's ImageNet networks have a class "background" in front of the 1000.
constexpr std::int64_t kClassesWithBackground = 1001;

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  const auto shown = std::span(names).first(std::min(kShown, names.size()));
  const std::string more =
      names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "";
  return fmt::format("'{}'{}", fmt::join(shown, "', '"), more);
}

/// Without the first row, and without the first number of the bias.
void drop_first_output(LayerWeights& last) {
  const auto without_first = [](const Tensor& tensor) {
    Shape shape = tensor.shape();
    const std::vector<float> values = to_vector<float>(tensor);
    const auto row = tensor.size() / shape[0];
    --shape[0];
    return Tensor::of<float>(shape, std::span(values).subspan(static_cast<std::size_t>(row)));
  };
  last.weight = without_first(last.weight);
  if (last.bias) last.bias = without_first(*last.bias);
}

/// Everything a file says.
struct Source {
  FileLayers file;
  std::string names;
  std::optional<Framework> framework;  ///< None: to be told from the network.
  std::optional<Graph> graph;          ///< The file's network, where it has one.
  std::vector<std::string> notes;
};

Source read_names(const StoredTensors& tensors, const ZooEntry& network) {
  const Graph graph = make_network(network.name, {.input = 32, .seed = std::nullopt});
  const std::vector<WeightedLayer> reference = weighted_layers(graph);
  NamedLayers named =
      read_named_layers(tensors, network.name, reference, layer_names(graph, reference));
  Source source{.names = std::string(named.scheme->library), .framework = named.scheme->framework};
  source.file = {reference, /*is_ordered=*/true};
  for (std::size_t i = 0; i < reference.size(); ++i) {
    WeightedLayer& layer = source.file.layers[i];
    layer.weights = std::move(named.layers[i]);
    if (layer.groups > 1) layer.groups = layer.weights.weight.shape()[0];
  }
  if (!named.unused.empty()) {
    source.notes.push_back(
        fmt::format("{} tensors are not used: {}", named.unused.size(), listed(named.unused)));
  }
  return source;
}

Source read_network(const std::filesystem::path& path) {
  const auto is_read = [&](const ModelFormat& format) {
    return path.extension() == format.extension;
  };
  if (std::ranges::none_of(model_formats(), is_read)) {
    std::vector<std::string_view> known;
    for (const ModelFormat& format : model_formats()) known.push_back(format.extension);
    fail(ErrorCode::kUnsupported,
         "'{}' is no file of weights that quern reads: .npz, .safetensors, {}", path.string(),
         fmt::join(known, ", "));
  }
  Source source;
  ImportReport report;
  Graph graph = import_model(path, &report);
  source.notes = report.warnings;
  return with_context(path.string(), [&] {
    canonicalize(graph);
    if (!graph.quantizers().empty()) {
      fail(ErrorCode::kUnsupported, "it is quantized; weights come from float networks");
    }
    source.file.layers = weighted_layers(graph);
    if (source.file.layers.empty()) fail(ErrorCode::kParse, "it has no layer with weights");
    // A classifier over the one pixel that pooling left may be written as a convolution.
    WeightedLayer& last = source.file.layers.back();
    const Shape shape = last.weights.weight.shape();
    if (shape.size() == 4 && shape[2] == 1 && shape[3] == 1) {
      last.weights.weight = last.weights.weight.reshaped({shape[0], shape[1]});
      last.strides.clear();
      last.pads.clear();
    }
    source.graph = std::move(graph);
    return std::move(source);
  });
}

/// Height and width of a network's input, where they are fixed and equal.
std::optional<int> input_side(const Graph& graph) {
  if (graph.inputs().size() != 1) return std::nullopt;
  const std::optional<Dims>& dims = graph.value(graph.inputs()[0]).dims;
  if (!dims || dims->size() != 4 || !(*dims)[2].is_fixed() || (*dims)[2] != (*dims)[3]) {
    return std::nullopt;
  }
  return static_cast<int>((*dims)[2].size);
}

/// The framework whose conventions the file's network follows.
Framework find_framework(const Source& source, const MatchedLayers& matched,
                         const ZooEntry& network) {
  const auto classes = static_cast<int>(matched.layers.back().weights.weight.shape()[0]);
  std::optional<std::string> first;
  const Framework other =
      network.framework == Framework::kPyTorch ? Framework::kTensorFlow : Framework::kPyTorch;
  for (const Framework framework : {network.framework, other}) {
    const Graph zoo = make_network(network.name, {.width = matched.width,
                                                  .input = input_side(*source.graph),
                                                  .classes = classes,
                                                  .seed = std::nullopt,
                                                  .framework = framework});
    const auto found = difference(*source.graph, matched.layers, zoo, weighted_layers(zoo));
    if (!found) return framework;
    if (!first) first = found;
  }
  fail(ErrorCode::kUnsupported, "it is another network than zoo:{}: {}; quern reads it as it is",
       network.name, *first);
}

/// Only a file of one class more than the network has a background to drop.
void check_background(const LayerWeights& last, std::int64_t classes) {
  const std::int64_t found = last.weight.shape()[0];
  if (found == classes + 1) return;
  fail(ErrorCode::kInvalidArgument, "it has {} classes, not {}, so none of them is a background",
       found, classes + 1);
}

void check_classes(const LayerWeights& last, const ImportWeightsOptions& options) {
  const std::int64_t classes = last.weight.shape()[0];
  if (!options.classes || classes == *options.classes) return;
  const bool is_background = !options.drop_background && classes == *options.classes + 1;
  fail(ErrorCode::kInvalidArgument, "it has {} classes, not {}{}", classes, *options.classes,
       is_background ? "; --drop-background leaves out TensorFlow's class 0" : "");
}

/// What the file says of pictures and labels, or else its framework's convention.
void describe(const Source& source, const ImportWeightsOptions& options, ImportedWeights& result,
              Framework framework) {
  Graph& graph = result.graph;
  const std::int64_t classes = graph.value(graph.outputs()[0]).dims->back().size;
  if (source.graph && source.graph->preprocessing &&
      source.graph->preprocessing->crop == graph.preprocessing->crop) {
    graph.preprocessing = source.graph->preprocessing;
  } else {
    result.notes.push_back(
        fmt::format("the file records no preprocessing; it is {}'s for this network",
                    framework == Framework::kPyTorch ? "torchvision" : "TensorFlow"));
  }
  if (options.drop_background) return;
  if (source.graph) graph.label_offset = source.graph->label_offset;
  if (framework == Framework::kTensorFlow && classes == kClassesWithBackground) {
    graph.label_offset = 1;
    result.notes.push_back("output 0 of 1001 is TensorFlow's background: label offset 1");
  }
}

}  // namespace

ImportedWeights import_weights(const std::filesystem::path& path,
                               const ImportWeightsOptions& options) {
  const ZooEntry& network = zoo_entry(options.network);
  const auto tensors = list_weight_file(path);
  Source source = tensors
                      ? with_context(path.string(), [&] { return read_names(*tensors, network); })
                      : read_network(path);
  return with_context(path.string(), [&] {
    LayerWeights& last = source.file.layers.back().weights;
    if (options.drop_background) {
      check_background(last, options.classes.value_or(network.classes));
      drop_first_output(last);
    }
    check_classes(last, options);
    const MatchedLayers matched = match_layers(source.file, network, options.width);
    const Framework framework =
        source.framework ? *source.framework : find_framework(source, matched, network);

    ImportedWeights result{.names = source.names, .width = matched.width, .notes = source.notes};
    const std::optional<int> own_input = source.graph ? input_side(*source.graph) : std::nullopt;
    result.graph = make_network(network.name, {.width = matched.width,
                                               .input = options.input ? options.input : own_input,
                                               .classes = static_cast<int>(last.weight.shape()[0]),
                                               .seed = std::nullopt,
                                               .framework = framework});
    std::vector<LayerWeights> weights;
    for (const WeightedLayer& layer : matched.layers) weights.push_back(layer.weights);
    const FillReport filled = fill_network(result.graph, weighted_layers(result.graph), weights);
    result.layers = filled.layers;
    result.batchnorms = filled.batchnorms;
    result.folded = filled.folded;
    describe(source, options, result, framework);
    return result;
  });
}

}  // namespace quern
