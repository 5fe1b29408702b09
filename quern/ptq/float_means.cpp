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

struct FloatMeans::Layers {
  std::multimap<ValueId, WeightedLayer> by_input;
  std::map<std::string, internal::ColumnMean> means;
};

FloatMeans::FloatMeans(const Graph& graph, std::size_t pictures)
    : layers_(std::make_unique<Layers>()),
      outputs_(graph.outputs().begin(), graph.outputs().end()),
      pictures_(pictures) {
  std::set<ValueId> values(outputs_.begin(), outputs_.end());
  for (WeightedLayer& layer : internal::weighted_layers(graph)) {
    values.insert(layer.input);
    layers_->means.try_emplace(layer.layer);
    layers_->by_input.emplace(layer.input, std::move(layer));
  }
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
  const auto [first, last] = layers_->by_input.equal_range(value);
  for (auto layer = first; layer != last; ++layer) {
    layers_->means.at(layer->second.layer).add(batch.index, layer->second, view);
  }
  const bool is_output = std::ranges::find(outputs_, value) != outputs_.end();
  const std::lock_guard lock(mutex_);
  const bool is_first = judged_.empty() || batch.index <= judged_.begin()->first;
  if (!is_output || (!is_chosen(batch) && !is_first)) return;
  Judged& judged = judged_[batch.index];
  judged.is_chosen = is_chosen(batch);
  judged.images = batch.images;
  judged.outputs[value] = view.to_tensor();
}

std::vector<double> FloatMeans::mean_column(const std::string& layer) const {
  const auto found = layers_->means.find(layer);
  require(found != layers_->means.end(), "the float network has no layer '{}'", layer);
  const at::Tensor mean = found->second.mean();
  const auto* const values = mean.const_data_ptr<double>();
  return {values, values + mean.numel()};
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
