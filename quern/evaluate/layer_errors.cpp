#include "quern/evaluate/layer_errors.h"

#include <algorithm>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/progress.h"
#include "quern/evaluate/internal/energy.h"
#include "quern/evaluate/internal/layer_stops.h"
#include "quern/executor/plan.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

using internal::energy;
using internal::LayerStop;
using internal::squared_distance;

/// More than this for one sample, and the single layers are not followed to the logits.
constexpr std::int64_t kMostVariantBytes = std::int64_t{256} << 20;
/// Small batches: what lies between two layers is held once for every layer passed.
constexpr int kBatchSize = 1;
/// The single layers are followed to the logits on every fourth picture: that takes several times
/// as long as everything else.
constexpr std::size_t kEffectStride = 4;
/// What is read by one run of a stretch of the network.
constexpr std::int64_t kRunBytes = std::int64_t{1} << 20;

/// A value of several samples, one after the other.
struct Rows {
  Shape shape;
  bool channels_last = false;
  std::vector<float> data;

  TensorView view(std::int64_t from, std::int64_t rows) const {
    TensorView view{span(from, rows), shape, channels_last};
    view.shape[0] = rows;
    return view;
  }
  std::span<const float> first(std::int64_t rows) const { return span(0, rows); }
  std::span<const float> span(std::int64_t from, std::int64_t rows) const {
    const auto row = data.size() / static_cast<std::size_t>(shape[0]);
    return std::span(data).subspan(static_cast<std::size_t>(from) * row,
                                   static_cast<std::size_t>(rows) * row);
  }
  void append(std::span<const float> rows) {
    const auto row = static_cast<std::int64_t>(data.size()) / shape[0];
    shape[0] += std::ssize(rows) / row;
    data.reserve(data.size() + rows.size());
    data.insert(data.end(), rows.begin(), rows.end());
  }
  bool empty() const { return data.empty(); }
};

Rows to_rows(const TensorView& view) {
  return {view.shape, view.channels_last, {view.data.begin(), view.data.end()}};
}

/// Runs `inputs`, which have as many rows each, a few rows at a time: what a run takes besides does
/// not grow with them.
Rows run(const Plan& plan, const std::vector<const Rows*>& inputs) {
  const std::int64_t rows = inputs.at(0)->shape.at(0);
  std::size_t row_bytes = 0;
  for (const Rows* input : inputs) row_bytes += input->first(1).size_bytes();
  const auto step = std::max<std::int64_t>(
      1, kRunBytes / static_cast<std::int64_t>(std::max<std::size_t>(row_bytes, 1)));
  Rows result;
  for (std::int64_t from = 0; from < rows; from += step) {
    const std::int64_t count = std::min(step, rows - from);
    std::vector<TensorView> views;
    for (const Rows* input : inputs) views.push_back(input->view(from, count));
    plan.run(views, [&](ValueId, const TensorView& view) {
      if (result.empty()) {
        result = {view.shape, view.channels_last, {}};
        result.shape.at(0) = 0;
        result.data.reserve(view.data.size() / static_cast<std::size_t>(count) *
                            static_cast<std::size_t>(rows + 1));
      }
      result.shape[0] += view.shape.at(0);
      result.data.insert(result.data.end(), view.data.begin(), view.data.end());
    });
  }
  return result;
}

/// What is summed up over all pictures for one layer.
struct LayerSums {
  double signal = 0, alone = 0, together = 0, effect = 0;
  float low = 0, high = 0;  ///< With 0, which every grid holds.
  std::optional<ActivationOnGrid> on_grid;

  LayerSums& operator+=(const LayerSums& other) {
    signal += other.signal;
    alone += other.alone;
    together += other.together;
    effect += other.effect;
    low = std::min(low, other.low);
    high = std::max(high, other.high);
    if (on_grid) {
      on_grid->float_values += other.on_grid->float_values;
      on_grid->codes += other.on_grid->codes;
    }
    return *this;
  }
};

struct Sums {
  std::vector<LayerSums> layers;  ///< One a group.
  double signal = 0, noise = 0;   ///< At the logits.
  double effect_signal = 0;       ///< At the logits, where single layers were followed there.

  Sums& operator+=(const Sums& other) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] += other.layers[i];
    signal += other.signal;
    noise += other.noise;
    effect_signal += other.effect_signal;
    return *this;
  }
};

/// The two networks, compiled stop by stop.
class Comparison {
 public:
  Comparison(const Graph& graph, const Graph& reference)
      : graph_(graph),
        groups_(layer_groups(graph)),
        stops_(internal::layer_stops(graph, reference, groups_)),
        bytes_(internal::bytes_of_variants(stops_)),
        follows_layers_(bytes_ <= kMostVariantBytes) {}

  std::int64_t bytes_per_sample() const { return follows_layers_ ? bytes_ : kMostVariantBytes; }

  Sums no_sums() const {
    Sums sums;
    for (const LayerGroup& group : groups_) {
      sums.layers.emplace_back();
      if (!has_one_scale(group.output_grid)) continue;
      const QuantSpec& spec = graph_.quantizer(group.output_grid).spec;
      sums.layers.back().on_grid = {GridTally(spec), codes_histogram(spec)};
    }
    return sums;
  }

  /// @param follows_layers  Whether to follow single layers to the logits.
  Sums measure(const Tensor& pictures, bool follows_layers) const;
  LayerErrors figures(const Sums& sums) const;

 private:
  /// What a batch knows at one time.
  struct State {
    std::int64_t pictures = 0;
    bool follows_layers = true;
    std::vector<Rows> floats;           ///< By stop: the pictures, then again for each variant.
    std::vector<Rows> quantized;        ///< By stop: the pictures.
    std::vector<std::size_t> variants;  ///< Groups; each is the one quantized layer of its rows.
  };

  bool has_one_scale(QuantizerId grid) const {
    return grid && graph_.quantizer(grid).spec.granularity == Granularity::kPerTensor;
  }
  bool has_outputs() const {
    return std::ranges::all_of(graph_.outputs(), [&](ValueId output) {
      return std::ranges::find(stops_, output, &LayerStop::value) != stops_.end();
    });
  }

  /// @return what the stop's layers, quantized, make of the float network's values.
  Rows advance(State& state, std::size_t index) const;
  void add_variant(State& state, std::size_t index, const Rows& alone) const;
  void forget(State& state, std::size_t index) const;
  void add_layer(const State& state, std::size_t index, const Rows& alone, Sums& sums) const;
  void add_outputs(const State& state, Sums& sums) const;

  const Graph& graph_;
  std::vector<LayerGroup> groups_;
  std::vector<LayerStop> stops_;
  std::int64_t bytes_;
  bool follows_layers_;
};

Rows Comparison::advance(State& state, std::size_t index) const {
  const LayerStop& stop = stops_[index];
  std::vector<const Rows*> floats;
  for (const std::size_t source : stop.reference_sources) floats.push_back(&state.floats[source]);
  state.floats[index] = run(*stop.reference, floats);

  std::vector<const Rows*> quantized;
  for (const std::size_t source : stop.sources) quantized.push_back(&state.quantized[source]);
  state.quantized[index] = run(*stop.quantized, quantized);

  std::vector<Rows> pictures;
  for (const std::size_t source : stop.sources) {
    pictures.push_back(to_rows(state.floats[source].view(0, state.pictures)));
  }
  std::vector<const Rows*> float_pictures;
  for (const Rows& rows : pictures) float_pictures.push_back(&rows);
  Rows alone = run(*stop.quantized, float_pictures);
  ensure(alone.shape.at(0) == state.pictures, "layer '{}' has {} rows for {} pictures",
         groups_[*stop.group].layer, alone.shape[0], state.pictures);
  return alone;
}

void Comparison::add_variant(State& state, std::size_t index, const Rows& alone) const {
  const LayerStop& stop = stops_[index];
  if (!state.follows_layers || !groups_[*stop.group].is_quantized()) return;
  state.variants.push_back(*stop.group);
  for (std::size_t i = 0; i <= index; ++i) {
    Rows& rows = state.floats[i];
    if (rows.empty()) continue;
    const std::span<const float> added =
        i == index ? std::span<const float>(alone.data) : rows.first(state.pictures);
    rows.append(std::vector<float>(added.begin(), added.end()));
  }
}

void Comparison::forget(State& state, std::size_t index) const {
  for (std::size_t i = 0; i <= index; ++i) {
    if (stops_[i].last_reader == internal::kKept || stops_[i].last_reader > index) continue;
    state.floats[i] = {};
    state.quantized[i] = {};
  }
}

void Comparison::add_layer(const State& state, std::size_t index, const Rows& alone,
                           Sums& sums) const {
  const LayerGroup& group = groups_[*stops_[index].group];
  LayerSums& layer = sums.layers[*stops_[index].group];
  const std::span<const float> floats = state.floats[index].first(state.pictures);
  const std::span<const float> quantized = state.quantized[index].data;
  layer.signal += energy(floats);
  layer.alone += squared_distance(floats, alone.data);
  layer.together += squared_distance(floats, quantized);
  const auto [low, high] = std::ranges::minmax(floats);
  layer.low = std::min(layer.low, low);
  layer.high = std::max(layer.high, high);
  if (!layer.on_grid) return;
  const QuantSpec& spec = graph_.quantizer(group.output_grid).spec;
  const QuantParams params = graph_.params(group.output_grid);
  const std::int32_t zero_point = params.zero_point[0];
  layer.on_grid->float_values.add(floats, spec, params.scale[0], zero_point);
  layer.on_grid->codes.add(quantized, double{params.scale[0]}, zero_point);
}

void Comparison::add_outputs(const State& state, Sums& sums) const {
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    if (!graph_.is_output(stops_[i].value)) continue;
    const std::span<const float> expected = state.floats[i].first(state.pictures);
    const double signal = energy(expected);
    sums.signal += signal;
    sums.effect_signal += state.follows_layers ? signal : 0;
    sums.noise += squared_distance(expected, state.quantized[i].data);
    for (std::size_t v = 0; v < state.variants.size(); ++v) {
      const auto row = static_cast<std::int64_t>(v + 1) * state.pictures;
      sums.layers[state.variants[v]].effect +=
          squared_distance(expected, state.floats[i].span(row, state.pictures));
    }
  }
}

Sums Comparison::measure(const Tensor& pictures, bool follows_layers) const {
  Sums sums = no_sums();
  State state{.pictures = pictures.shape()[0],
              .follows_layers = follows_layers && follows_layers_,
              .floats = std::vector<Rows>(stops_.size()),
              .quantized = std::vector<Rows>(stops_.size())};
  const TensorView view{pictures.data<float>(), pictures.shape()};
  state.floats[0] = state.quantized[0] = to_rows(view);
  for (std::size_t i = 1; i < stops_.size(); ++i) {
    const Rows alone = advance(state, i);
    add_layer(state, i, alone, sums);
    forget(state, i);
    add_variant(state, i, alone);
  }
  if (has_outputs()) add_outputs(state, sums);
  return sums;
}

LayerErrors Comparison::figures(const Sums& sums) const {
  LayerErrors errors;
  errors.layers.resize(groups_.size());
  if (has_outputs()) errors.output_db = ratio_db(sums.signal, sums.noise);
  for (const LayerStop& stop : stops_) {
    if (!stop.group) continue;
    const LayerSums& from = sums.layers[*stop.group];
    LayerError& layer = errors.layers[*stop.group];
    layer.together_db = ratio_db(from.signal, from.together);
    layer.low = from.low;
    layer.high = from.high;
    layer.on_grid = from.on_grid;
    if (!groups_[*stop.group].is_quantized()) continue;
    layer.alone_db = ratio_db(from.signal, from.alone);
    if (follows_layers_ && sums.effect_signal > 0)
      layer.effect_db = ratio_db(sums.effect_signal, from.effect);
  }
  return errors;
}

Graph with_shapes(Graph graph) {
  infer_shapes(graph);
  return graph;
}

}  // namespace

LayerErrors measure_layer_errors(const Graph& graph, const Graph& reference,
                                 const std::vector<Sample>& samples, const LoaderOptions& options) {
  const Graph typed = with_shapes(graph);
  const Comparison comparison(typed, with_shapes(reference));
  LoaderOptions loader = options;
  loader.batch_size = std::min(loader.batch_size, kBatchSize);
  loader = within_memory(loader, comparison.bytes_per_sample());
  std::vector<Sums> parts(batch_count(samples.size(), loader));
  Progress progress("measuring layers", samples.size());
  const LoaderReport loaded = for_each_batch(samples, loader, [&](int, const Batch& batch) {
    parts.at(batch.index) = comparison.measure(batch.images, batch.index % kEffectStride == 0);
    progress.advance(batch.samples.size());
  });
  Sums total = comparison.no_sums();
  for (const Sums& part : parts) {
    if (!part.layers.empty()) total += part;  // Empty where all of a batch was skipped.
  }
  LayerErrors errors = comparison.figures(total);
  errors.images = loaded.images;
  errors.skipped = loaded.skipped;
  return errors;
}

}  // namespace quern
