#include "quern/calibrate/activation_sweep.h"

#include <algorithm>

#include "quern/base/error.h"

namespace quern {
namespace {

bool is_unknown_activation(const Graph& graph, const Node& quant) {
  const Quantizer& entry = graph.quantizer(quant.quantizer);
  return entry.scale && graph.scale(entry.scale).values.empty() &&
         !graph.is_constant(quant.inputs[0]);
}

void check_supported(const Graph& graph, const Node& quant) {
  const QuantSpec& spec = graph.quantizer(quant.quantizer).spec;
  if (spec.granularity == Granularity::kPerTensor && spec.symmetric) return;
  fail(ErrorCode::kUnsupported,
       "layer '{}': cannot calibrate an activation grid with {} (one scale and zero point 0 work)",
       quant.layer, spec.symmetric ? "a scale per channel" : "a zero point");
}

/// The layer of the network, or its input, whose numbers a Quant reads.
const std::string& layer_behind(const Graph& graph, const Node& quant) {
  const Node* reader = &quant;
  const Node* producer = graph.producer(reader->inputs[0]);
  while (producer != nullptr && producer->op == "Quant") {
    reader = producer;
    producer = graph.producer(reader->inputs[0]);
  }
  return producer == nullptr ? graph.value(reader->inputs[0]).name : producer->layer;
}

}  // namespace

ActivationSweep::ActivationSweep(const Graph& graph, std::string observer,
                                 const ObserverOptions& options, std::size_t samples,
                                 std::vector<ValueId> shown)
    : observer_(std::move(observer)),
      options_(options),
      samples_(samples),
      shown_(std::move(shown)) {
  make_observer(observer_, options_);  // Refuses what is wrong before any work is done.
  std::map<QuantizerId, std::size_t> positions;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    if (!is_unknown_activation(graph, quant)) continue;
    check_supported(graph, quant);
    const auto [position, is_new] = positions.try_emplace(quant.quantizer, watched_.size());
    if (is_new) watched_.push_back(watch(graph, quant));
    auto& values = watched_[position->second].values;
    if (std::find(values.begin(), values.end(), quant.inputs[0]) != values.end()) continue;
    values.push_back(quant.inputs[0]);
    readers_[quant.inputs[0]].push_back(position->second);
  }
  if (watched_.empty()) return;
  PlanOptions plan{.mode = QuantMode::kFloat, .taps = shown_};
  for (const auto& [value, readers] : readers_) plan.taps.push_back(value);
  plan_ = std::make_unique<Plan>(graph, plan);
  count_elements(graph);
}

/// What the quantizer of `quant` is watched by.
ActivationSweep::Watched ActivationSweep::watch(const Graph& graph, const Node& quant) const {
  const Quantizer& entry = graph.quantizer(quant.quantizer);
  Watched watched{.quantizer = quant.quantizer,
                  .layer = layer_behind(graph, quant),
                  .observer = entry.threshold.method.value_or(observer_),
                  .options = options_,
                  .values = {}};
  watched.options.spec = entry.spec;
  watched.options.percentile = entry.threshold.percentile.value_or(options_.percentile);
  with_context(fmt::format("layer '{}'", watched.layer), [&] {
    make_observer(watched.observer, watched.options);
    require(!entry.threshold.percentile || watched.observer == "percentile",
            "percentile {} is requested, but the observer '{}' reads none",
            watched.options.percentile, watched.observer);
  });
  if (entry.spec.is_bipolar()) watched.observer = "mean_abs";
  return watched;
}

/// Sends one black picture through: shapes are known exactly once they have been computed.
void ActivationSweep::count_elements(const Graph& graph) {
  require(graph.inputs().size() == 1, "calibration feeds one input, the network has {}",
          graph.inputs().size());
  const Value& input = graph.value(graph.inputs()[0]);
  require(input.dims.has_value() && !input.dims->empty(), "the shape of input '{}' is not known",
          input.name);
  Shape shape = {1};
  for (std::size_t i = 1; i < input.dims->size(); ++i) {
    const Dim& dim = (*input.dims)[i];
    require(dim.is_fixed(), "the extent '{}' of input '{}' is free", dim.symbol, input.name);
    shape.push_back(dim.size);
  }
  plan_->run({Tensor(input.dtype, shape)}, [&](ValueId value, const TensorView& view) {
    for_each_reader(value,
                    [&](std::size_t reader) { watched_[reader].elements += view.data.size(); });
  });
}

ActivationSweep::Observers ActivationSweep::make_observers() const {
  Observers made;
  for (const Watched& watched : watched_) {
    ObserverOptions options = watched.options;
    options.expected_count = watched.elements * samples_;
    made.push_back(make_observer(watched.observer, options));
  }
  return made;
}

ActivationSweep::Observers& ActivationSweep::observers_of(int worker) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = workers_.try_emplace(worker);
  if (is_new) entry->second = make_observers();
  return entry->second;
}

void ActivationSweep::for_each_reader(ValueId value, const auto& use) const {
  const auto readers = readers_.find(value);
  if (readers == readers_.end()) return;
  for (const std::size_t reader : readers->second) use(reader);
}

void ActivationSweep::add(int worker, const Tensor& batch, const Tap& look_on) {
  if (watched_.empty()) return;
  Observers& observers = observers_of(worker);
  plan_->run({batch}, [&](ValueId value, const TensorView& view) {
    for_each_reader(value, [&](std::size_t reader) {
      with_context(fmt::format("layer '{}'", watched_[reader].layer),
                   [&] { observers[reader]->add(view.data); });
    });
    if (std::ranges::find(shown_, value) != shown_.end()) look_on(value, view);
  });
}

std::vector<ObservedThreshold> ActivationSweep::thresholds() const {
  const Observers together = make_observers();
  for (const auto& [worker, observers] : workers_) {
    for (std::size_t i = 0; i < together.size(); ++i) together[i]->merge(*observers[i]);
  }
  std::vector<ObservedThreshold> result;
  for (std::size_t i = 0; i < together.size(); ++i) {
    result.push_back({watched_[i].quantizer, watched_[i].layer, together[i]->threshold()});
  }
  return result;
}

}  // namespace quern
