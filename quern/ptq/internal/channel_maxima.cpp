#include "quern/ptq/internal/channel_maxima.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "quern/base/error.h"
#include "quern/base/progress.h"

namespace quern::internal {
namespace {

using Maxima = std::vector<std::vector<float>>;  ///< Per value and channel.

void raise(float& largest, float x) { largest = std::max(largest, std::fabs(x)); }

void add(const TensorView& view, std::vector<float>& largest) {
  const auto channels = static_cast<std::size_t>(view.shape.at(1));
  largest.resize(channels, 0.0F);
  const float* x = view.data.data();
  const float* const end = x + view.data.size();
  if (view.channels_last || view.shape.size() == 2) {
    float* const to = largest.data();
    for (; x < end; x += channels) {
      for (std::size_t c = 0; c < channels; ++c) raise(to[c], x[c]);
    }
    return;
  }
  std::size_t inner = 1;
  for (std::size_t i = 2; i < view.shape.size(); ++i) {
    inner *= static_cast<std::size_t>(view.shape[i]);
  }
  for (std::size_t i = 0; i < view.data.size(); ++i) raise(largest[i / inner % channels], x[i]);
}

void merge(const Maxima& from, Maxima& into) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    into[i].resize(std::max(into[i].size(), from[i].size()), 0.0F);
    for (std::size_t c = 0; c < from[i].size(); ++c) raise(into[i][c], from[i][c]);
  }
}

}  // namespace

std::vector<std::vector<float>> channel_maxima(const Graph& graph,
                                               const std::vector<ValueId>& values,
                                               const CalibrationData& data,
                                               const std::string& title) {
  Maxima together(values.size());
  if (values.empty()) return together;
  require(!data.samples.empty(), "{} needs at least one picture", title);
  std::map<ValueId, std::size_t> positions;
  PlanOptions options{.mode = QuantMode::kFloat, .taps = {}};
  for (const ValueId value : values) {
    if (positions.try_emplace(value, positions.size()).second) options.taps.push_back(value);
  }
  const Plan plan(graph, options);
  std::mutex mutex;
  std::map<int, Maxima> workers;
  const auto maxima_of = [&](int worker) -> Maxima& {
    const std::lock_guard lock(mutex);
    return workers.try_emplace(worker, positions.size()).first->second;
  };
  Progress progress(title, data.samples.size());
  const LoaderOptions loader = within_memory(data.loader, plan.bytes_per_sample());
  for_each_batch(data.samples, loader, [&](int worker, const Batch& batch) {
    Maxima& own = maxima_of(worker);
    plan.run({batch.images},
             [&](ValueId value, const TensorView& view) { add(view, own[positions.at(value)]); });
    progress.advance(batch.samples.size());
  });
  Maxima merged(positions.size());
  for (const auto& [worker, own] : workers) merge(own, merged);
  for (std::size_t i = 0; i < values.size(); ++i) {
    together[i] = merged[positions.at(values[i])];
    for (const float largest : together[i]) {
      if (std::isfinite(largest)) continue;
      fail(ErrorCode::kParse, "{}: '{}' is infinite", title, graph.value(values[i]).name);
    }
  }
  return together;
}

}  // namespace quern::internal
