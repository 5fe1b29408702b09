#include "quern/weights/named_layers.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "quern/base/error.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

/// "conv1/conv1/kernel:0" → "conv1/kernel"
std::string normalized(std::string name) {
  if (name.ends_with(":0")) name.resize(name.size() - 2);
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos && name.compare(slash + 1, slash + 1, name, 0, slash + 1) == 0) {
    name.erase(0, slash + 1);
  }
  return name;
}

/// Tensors under their normalized names, and which of them were read.
class TensorTable {
 public:
  explicit TensorTable(const StoredTensors& tensors) {
    for (const auto& [name, tensor] : tensors) {
      const auto [entry, is_new] = entries_.try_emplace(normalized(name), &name, &tensor);
      if (!is_new) {
        fail(ErrorCode::kParse, "tensors '{}' and '{}' have the same name", *entry->second.first,
             name);
      }
    }
  }

  /// What stands before `name` in the file's names; none if it is not there.
  std::optional<std::string> prefix_of(const std::string& name) const {
    std::optional<std::string> shortest;
    for (const auto& [key, entry] : entries_) {
      if (!key.ends_with(name)) continue;
      const std::string prefix = key.substr(0, key.size() - name.size());
      const bool is_scope = prefix.empty() || prefix.back() == '.' || prefix.back() == '/';
      if (is_scope && (!shortest || prefix.size() < shortest->size())) shortest = prefix;
    }
    return shortest;
  }

  bool holds(const std::string& layer, const std::vector<std::string_view>& suffixes) const {
    return locate(layer, suffixes) != entries_.end();
  }

  /// The tensor called `layer` and one of the suffixes; null if there is none.
  const StoredTensor* find(const std::string& layer,
                           const std::vector<std::string_view>& suffixes) const {
    const auto found = locate(layer, suffixes);
    return found == entries_.end() ? nullptr : found->second.second;
  }

  /// The same, which is then used.
  const StoredTensor* take(const std::string& layer,
                           const std::vector<std::string_view>& suffixes) {
    const auto found = locate(layer, suffixes);
    if (found == entries_.end()) return nullptr;
    taken_.insert(found->first);
    return found->second.second;
  }

  std::vector<std::string> unused() const {
    std::vector<std::string> names;
    for (const auto& [key, entry] : entries_) {
      if (!taken_.contains(key) && !key.ends_with("num_batches_tracked")) {
        names.push_back(*entry.first);
      }
    }
    return names;
  }

  std::string first_name() const { return *entries_.begin()->second.first; }

 private:
  using Entries = std::map<std::string, std::pair<const std::string*, const StoredTensor*>>;

  Entries::const_iterator locate(const std::string& layer,
                                 const std::vector<std::string_view>& suffixes) const {
    for (const std::string_view suffix : suffixes) {
      const auto found = entries_.find(layer + std::string(suffix));
      if (found != entries_.end()) return found;
    }
    return entries_.end();
  }

  Entries entries_;
  std::set<std::string> taken_;
};

// The zoo's limits.
constexpr std::int64_t kWidest = 8;
constexpr std::int64_t kMostClasses = 1000000;

/// The tensor as float32.
Tensor read_floats(const StoredTensor& stored) {
  if (stored.dtype != DType::kFloat32 && stored.dtype != DType::kFloat64) {
    fail(ErrorCode::kParse, "it is of {}, expected floats", name(stored.dtype));
  }
  Tensor tensor = stored.read();
  if (tensor.dtype() != DType::kFloat32) {
    tensor = Tensor::of<float>(tensor.shape(), to_vector<float>(tensor));
  }
  const std::span<const float> values = tensor.data<float>();
  const auto wrong = std::ranges::find_if_not(values, [](float v) { return std::isfinite(v); });
  if (wrong != values.end()) {
    fail(ErrorCode::kParse, "it holds {} at element {}, expected finite numbers", *wrong,
         wrong - values.begin());
  }
  return tensor;
}

/// What a batch norm divides by, squared.
Tensor checked_variance(Tensor variance) {
  const std::span<const float> values = variance.data<float>();
  const auto wrong = std::ranges::find_if(values, [](float v) { return v < 0; });
  if (wrong != values.end()) {
    fail(ErrorCode::kParse, "it holds {} at element {}, but a variance is never below 0", *wrong,
         wrong - values.begin());
  }
  return variance;
}

/// How a stored weight becomes one in ONNX's layout.
struct Layout {
  Shape shape;                     ///< What it is read as: without the extents of one pixel.
  std::vector<std::size_t> order;  ///< Of its axes in ONNX.

  Shape in_onnx() const {
    Shape result;
    for (const std::size_t axis : order) result.push_back(shape[axis]);
    return result;
  }
};

std::optional<Layout> layout_of(const Shape& shape, Framework framework,
                                const WeightedLayer& reference) {
  const bool is_tensorflow = framework == Framework::kTensorFlow;
  if (!reference.is_linear()) {
    if (shape.size() != 4) return std::nullopt;
    if (!is_tensorflow) return Layout{shape, {0, 1, 2, 3}};
    const bool is_depthwise = reference.groups > 1;
    return is_depthwise ? Layout{shape, {2, 3, 0, 1}} : Layout{shape, {3, 2, 0, 1}};
  }
  const auto linear = [&](std::int64_t first, std::int64_t second) {
    return is_tensorflow ? Layout{{first, second}, {1, 0}} : Layout{{first, second}, {0, 1}};
  };
  if (shape.size() == 2) return linear(shape[0], shape[1]);
  if (shape.size() != 4) return std::nullopt;
  // A linear layer may be a convolution over the one pixel that pooling left.
  if (is_tensorflow && shape[0] == 1 && shape[1] == 1) return linear(shape[2], shape[3]);
  if (!is_tensorflow && shape[2] == 1 && shape[3] == 1) return linear(shape[0], shape[1]);
  return std::nullopt;
}

/// Whether the layer has a weight of this shape, O I H W or O I, at any width.
bool is_possible(const Shape& shape, const WeightedLayer& reference) {
  const Shape& base = reference.weights.weight.shape();
  const auto is_scaled = [&](std::size_t axis, std::int64_t most) {
    return shape[axis] >= 1 && shape[axis] <= most;
  };
  if (reference.is_linear()) return is_scaled(0, kMostClasses) && is_scaled(1, kWidest * base[1]);
  const bool is_kernel = shape[2] == base[2] && shape[3] == base[3];
  const std::int64_t inputs = reference.groups > 1 ? base[1] : kWidest * base[1];
  return is_kernel && is_scaled(0, kWidest * base[0]) && is_scaled(1, inputs);
}

/// The layout of a weight. @throws Error(kParse) if the layer has no such weight.
Layout require_layout(const Shape& shape, Framework framework, const WeightedLayer& reference) {
  const std::optional<Layout> layout = layout_of(shape, framework, reference);
  if (layout && is_possible(layout->in_onnx(), reference)) return *layout;
  fail(ErrorCode::kParse, "it has the shape {}, expected a {} weight, {} in ONNX at width 1",
       to_string(shape), reference.is_linear() ? "linear layer's" : "convolution's",
       to_string(reference.weights.weight.shape()));
}

class Reader {
 public:
  Reader(TensorTable& table, const NameScheme& scheme, std::string prefix)
      : table_(table), scheme_(scheme), prefix_(std::move(prefix)) {}

  LayerWeights read(const LayerNames& names, const WeightedLayer& reference) {
    const Suffixes& suffixes = scheme_.suffixes;
    LayerWeights weights;
    weights.layer = prefix_ + names.layer;
    weights.weight = read_tensor(names.layer, suffixes.weight, [&](const StoredTensor& stored) {
      const Layout layout = require_layout(stored.shape, scheme_.framework, reference);
      check_outputs(stored.shape, layout.in_onnx()[0], names.batchnorm);
      return transposed(read_floats(stored).reshaped(layout.shape), layout.order);
    });
    const std::int64_t channels = weights.weight.shape()[0];
    if (table_.holds(prefix_ + names.layer, suffixes.bias)) {
      weights.bias = vector(names.layer, suffixes.bias, channels);
    }
    const bool has_batchnorm =
        !names.batchnorm.empty() &&
        (table_.holds(prefix_ + names.batchnorm, suffixes.mean) || !weights.bias);
    if (has_batchnorm) {
      const auto read = [&](const std::vector<std::string_view>& suffix) {
        return vector(names.batchnorm, suffix, channels);
      };
      weights.batchnorm = {read(suffixes.gamma), read(suffixes.beta), read(suffixes.mean),
                           vector(names.batchnorm, suffixes.variance, channels, checked_variance),
                           std::nullopt};
    }
    return weights;
  }

 private:
  /// Blames a weight whose batch norm is of one mind about another number of channels.
  void check_outputs(const Shape& shape, std::int64_t outputs, const std::string& batchnorm) {
    if (batchnorm.empty()) return;
    const Suffixes& suffixes = scheme_.suffixes;
    std::set<Shape> shapes;
    for (const auto& of : {suffixes.gamma, suffixes.beta, suffixes.mean, suffixes.variance}) {
      const StoredTensor* found = table_.find(prefix_ + batchnorm, of);
      if (found != nullptr) shapes.insert(found->shape);
    }
    if (shapes.size() == 1 && !shapes.contains({outputs})) {
      fail(ErrorCode::kParse, "it has the shape {} with {} outputs, but its batch norm {}",
           to_string(shape), outputs, to_string(*shapes.begin()));
    }
  }

  template <class Read>
  Tensor read_tensor(const std::string& layer, const std::vector<std::string_view>& suffixes,
                     Read&& read) {
    const StoredTensor* found = table_.take(prefix_ + layer, suffixes);
    if (found == nullptr) {
      fail(ErrorCode::kParse, "it has no tensor '{}{}{}', which {}'s {} has", prefix_, layer,
           suffixes[0], scheme_.library, scheme_.network);
    }
    return with_context(fmt::format("tensor '{}{}{}'", prefix_, layer, suffixes[0]),
                        [&] { return read(*found); });
  }

  /// One number a channel.
  Tensor vector(const std::string& layer, const std::vector<std::string_view>& suffixes,
                std::int64_t channels, Tensor (*check)(Tensor) = nullptr) {
    return read_tensor(layer, suffixes, [&](const StoredTensor& stored) {
      if (stored.shape != Shape{channels}) {
        fail(ErrorCode::kParse, "it has the shape {}, expected {}", to_string(stored.shape),
             to_string(Shape{channels}));
      }
      Tensor tensor = read_floats(stored);
      return check == nullptr ? tensor : check(std::move(tensor));
    });
  }

  TensorTable& table_;
  const NameScheme& scheme_;
  std::string prefix_;
};

/// A scheme's names, and what stands before them in the file.
struct Found {
  const NameScheme* scheme;
  std::string prefix;
  std::vector<LayerNames> names;
};

/// The scheme of which the file has most layers.
Found find_scheme(TensorTable& table, std::string_view network,
                  const std::vector<LayerNames>& zoo) {
  std::optional<Found> best;
  std::ptrdiff_t most = 0;
  std::string expected;
  for (const NameScheme& scheme : name_schemes()) {
    if (scheme.network != network) continue;
    const std::vector<LayerNames> names = scheme.layers(zoo);
    ensure(names.size() == zoo.size(), "{}'s {} has {} names for {} layers", scheme.library,
           network, names.size(), zoo.size());
    const std::string first = names[0].layer + std::string(scheme.suffixes.weight[0]);
    const std::string example = fmt::format("'{}' ({})", first, scheme.library);
    if (expected.find(example) == std::string::npos) {
      expected += (expected.empty() ? "" : ", ") + example;
    }
    for (const std::string_view suffix : scheme.suffixes.weight) {
      const auto prefix = table.prefix_of(names[0].layer + std::string(suffix));
      if (!prefix) continue;
      const auto held = std::ranges::count_if(names, [&](const LayerNames& layer) {
        return table.holds(*prefix + layer.layer, scheme.suffixes.weight);
      });
      if (held > most) {
        most = held;
        best = Found{&scheme, *prefix, names};
      }
    }
  }
  if (best) return *best;
  fail(ErrorCode::kParse,
       "its names are of no library quern knows for {}: expected {}; the first is '{}'", network,
       expected, table.first_name());
}

}  // namespace

NamedLayers read_named_layers(const StoredTensors& tensors, std::string_view network,
                              const std::vector<WeightedLayer>& reference,
                              const std::vector<LayerNames>& names) {
  if (tensors.empty()) fail(ErrorCode::kParse, "it holds no tensors");
  TensorTable table(tensors);
  const Found found = find_scheme(table, network, names);
  NamedLayers result{.scheme = found.scheme};
  Reader reader(table, *found.scheme, found.prefix);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    result.layers.push_back(reader.read(found.names[i], reference[i]));
  }
  result.unused = table.unused();
  return result;
}

std::vector<LayerNames> layer_names(const Graph& graph, const std::vector<WeightedLayer>& layers) {
  std::vector<LayerNames> names;
  for (const WeightedLayer& layer : layers) {
    names.push_back(
        {graph.node(layer.node).layer, layer.batchnorm ? graph.node(layer.batchnorm).layer : ""});
  }
  return names;
}

}  // namespace quern
