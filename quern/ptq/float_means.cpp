#include "quern/ptq/float_means.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <set>
#include <utility>

#include "quern/base/error.h"
#include "quern/ptq/internal/column_sum.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern {
namespace {

using internal::WeightedLayer;

/// Pictures whose outputs are kept, and the others of their batches.
constexpr std::size_t kJudged = 8;

}  // namespace

/// By the value that they read.
struct FloatMeans::Layers {
  std::multimap<ValueId, WeightedLayer> by_input;
};

FloatMeans::FloatMeans(const Graph& graph, std::size_t pictures)
    : outputs_(graph.outputs().begin(), graph.outputs().end()), pictures_(pictures) {
  Layers layers;
  std::set<ValueId> values(outputs_.begin(), outputs_.end());
  for (WeightedLayer& layer : internal::weighted_layers(graph)) {
    values.insert(layer.input);
    layers.by_input.emplace(layer.input, std::move(layer));
  }
  layers_ = std::make_unique<const Layers>(std::move(layers));
  values_.assign(values.begin(), values.end());
}

FloatMeans::~FloatMeans() = default;

bool FloatMeans::is_chosen(const Batch& batch) const {
  const std::size_t count = std::min(kJudged, pictures_);
  return std::ranges::any_of(batch.samples, [&](std::size_t picture) {
    return picture * count / pictures_ != (picture + 1) * count / pictures_;
  });
}

void FloatMeans::see(const Batch& batch, ValueId value, const TensorView& view) {
  std::map<std::string, ColumnSum> sums;
  const auto [first, last] = layers_->by_input.equal_range(value);
  for (auto layer = first; layer != last; ++layer) {
    const auto [sum, columns] = internal::column_sum(layer->second, view);
    const auto* const data = sum.const_data_ptr<double>();
    sums[layer->second.layer] = {std::vector<double>(data, data + sum.numel()), columns};
  }
  const bool is_output = std::ranges::find(outputs_, value) != outputs_.end();
  const std::lock_guard lock(mutex_);
  columns_[batch.index].merge(sums);
  const bool is_first = judged_.empty() || batch.index <= judged_.begin()->first;
  if (!is_output || (!is_chosen(batch) && !is_first)) return;
  Judged& judged = judged_[batch.index];
  judged.is_chosen = is_chosen(batch);
  judged.images = batch.images;
  judged.outputs[value] = view.to_tensor();
}

std::vector<double> FloatMeans::mean_column(const std::string& layer) const {
  ColumnSum total;
  for (const auto& [batch, layers] : columns_) {
    const auto found = layers.find(layer);
    require(found != layers.end(), "the float network has no layer '{}'", layer);
    total.sum.resize(found->second.sum.size());
    for (std::size_t i = 0; i < total.sum.size(); ++i) total.sum[i] += found->second.sum[i];
    total.columns += found->second.columns;
  }
  for (double& x : total.sum) x /= static_cast<double>(total.columns);
  return total.sum;
}

OutputReference FloatMeans::outputs(int threads) const {
  std::vector<Tensor> images;
  std::vector<std::vector<Tensor>> outputs;
  const bool any_chosen =
      std::ranges::any_of(judged_, [](const auto& entry) { return entry.second.is_chosen; });
  for (const auto& [batch, judged] : judged_) {
    const bool is_first = batch == judged_.begin()->first;
    if (any_chosen ? !judged.is_chosen : !is_first) continue;
    images.push_back(judged.images);
    std::vector<Tensor>& of_batch = outputs.emplace_back();
    for (const ValueId output : outputs_) of_batch.push_back(judged.outputs.at(output));
  }
  return {std::move(images), std::move(outputs), threads};
}

}  // namespace quern
