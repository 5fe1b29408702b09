#include "quern/weights/named_layers.h"

#include <algorithm>
#include <set>
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
  explicit TensorTable(const std::map<std::string, Tensor>& tensors) {
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
    return std::ranges::any_of(suffixes, [&](std::string_view suffix) {
      return entries_.contains(layer + std::string(suffix));
    });
  }

  /// The tensor called `layer` and one of the suffixes; null if there is none.
  const Tensor* take(const std::string& layer, const std::vector<std::string_view>& suffixes) {
    for (const std::string_view suffix : suffixes) {
      const auto found = entries_.find(layer + std::string(suffix));
      if (found == entries_.end()) continue;
      taken_.insert(found->first);
      return found->second.second;
    }
    return nullptr;
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

  std::string first_name() const { return entries_.empty() ? "" : *entries_.begin()->second.first; }

 private:
  std::map<std::string, std::pair<const std::string*, const Tensor*>> entries_;
  std::set<std::string> taken_;
};

/// A weight in ONNX's layout.
Tensor to_onnx(const Tensor& tensor, Framework framework, const WeightedLayer& reference) {
  const Tensor weight = Tensor::of<float>(tensor.shape(), to_vector<float>(tensor));
  const bool is_tensorflow = framework == Framework::kTensorFlow;
  const Shape& shape = weight.shape();
  if (reference.is_linear()) {
    if (weight.rank() == 2) return is_tensorflow ? transposed(weight, {1, 0}) : weight;
    // A linear layer may be a convolution over the one pixel that pooling left.
    if (weight.rank() == 4 && is_tensorflow && shape[0] == 1 && shape[1] == 1) {
      return transposed(weight.reshaped({shape[2], shape[3]}), {1, 0});
    }
    if (weight.rank() == 4 && !is_tensorflow && shape[2] == 1 && shape[3] == 1) {
      return weight.reshaped({shape[0], shape[1]});
    }
  } else if (weight.rank() == 4) {
    if (!is_tensorflow) return weight;
    const bool is_depthwise = reference.groups > 1;
    return is_depthwise ? transposed(weight, {2, 3, 0, 1}) : transposed(weight, {3, 2, 0, 1});
  }
  fail(ErrorCode::kParse, "it has the shape {}, expected a {} weight", to_string(shape),
       reference.is_linear() ? "linear layer's" : "convolution's");
}

class Reader {
 public:
  Reader(TensorTable& table, const NameScheme& scheme, std::string prefix)
      : table_(table), scheme_(scheme), prefix_(std::move(prefix)) {}

  LayerWeights read(const LayerNames& names, const WeightedLayer& reference) {
    const Suffixes& suffixes = scheme_.suffixes;
    LayerWeights weights;
    weights.layer = prefix_ + names.layer;
    const Tensor& weight = require_tensor(names.layer, suffixes.weight);
    with_context(fmt::format("tensor '{}'", weights.layer + std::string(suffixes.weight[0])),
                 [&] { weights.weight = to_onnx(weight, scheme_.framework, reference); });
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
                           read(suffixes.variance), std::nullopt};
    }
    return weights;
  }

 private:
  const Tensor& require_tensor(const std::string& layer,
                               const std::vector<std::string_view>& suffixes) {
    const Tensor* found = table_.take(prefix_ + layer, suffixes);
    if (found == nullptr) {
      fail(ErrorCode::kParse, "it has no tensor '{}{}{}', which {}'s {} has", prefix_, layer,
           suffixes[0], scheme_.library, scheme_.network);
    }
    return *found;
  }

  /// One number a channel.
  Tensor vector(const std::string& layer, const std::vector<std::string_view>& suffixes,
                std::int64_t channels) {
    const Tensor& tensor = require_tensor(layer, suffixes);
    if (tensor.shape() != Shape{channels}) {
      fail(ErrorCode::kParse, "tensor '{}{}{}' has the shape {}, expected {}", prefix_, layer,
           suffixes[0], to_string(tensor.shape()), to_string(Shape{channels}));
    }
    return Tensor::of<float>(tensor.shape(), to_vector<float>(tensor));
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
    expected += fmt::format("{}'{}' ({})", expected.empty() ? "" : ", ", first, scheme.library);
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

NamedLayers read_named_layers(const std::map<std::string, Tensor>& tensors,
                              std::string_view network, const std::vector<WeightedLayer>& reference,
                              const std::vector<LayerNames>& names) {
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
