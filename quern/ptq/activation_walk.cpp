#include "quern/ptq/activation_walk.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quern/base/error.h"
#include "quern/graph/part.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

/// A value that takes more than this many times what it is computed from is computed again where
/// it is needed, instead of being kept.
constexpr std::size_t kKeptGrowth = 2;

/// Elements of one picture.
std::size_t elements(const Value& value) {
  require(value.dims.has_value() && !value.dims->empty(), "the shape of '{}' is not known",
          value.name);
  std::size_t count = 1;
  for (std::size_t i = 1; i < value.dims->size(); ++i) {
    const Dim& dim = (*value.dims)[i];
    require(dim.is_fixed(), "the extent '{}' of '{}' is free", dim.symbol, value.name);
    count *= static_cast<std::size_t>(dim.size);
  }
  return count;
}

Shape shape_of(const Value& value, std::int64_t batch) {
  Shape shape = {batch};
  for (std::size_t i = 1; i < value.dims->size(); ++i) shape.push_back((*value.dims)[i].size);
  return shape;
}

/// The grid on whose codes a value is stored; null where it is stored in float.
const Quantizer* byte_grid(const Graph& graph, QuantMode mode, ValueId value) {
  const Node* quant = graph.quant_of(value);
  if (mode == QuantMode::kFloat || quant == nullptr) return nullptr;
  const Quantizer& entry = graph.quantizer(quant->quantizer);
  const bool fits = entry.spec.bits <= 8 && entry.spec.granularity == Granularity::kPerTensor &&
                    !entry.spec.is_bipolar();
  return fits ? &entry : nullptr;
}

/// The bytes of [N, H, W, C] with every line the other way round.
std::vector<std::byte> mirrored(const Tensor& pictures) {
  const Shape& shape = pictures.shape();
  const auto bytes = pictures.bytes();
  const auto pixel = static_cast<std::size_t>(shape[3]) * sizeof(float);
  const auto width = static_cast<std::size_t>(shape[2]);
  std::vector<std::byte> result(bytes.size());
  for (std::size_t i = 0; i < bytes.size() / pixel; ++i) {
    const std::size_t x = i % width;
    std::memcpy(result.data() + (i - x + width - 1 - x) * pixel, bytes.data() + i * pixel, pixel);
  }
  return result;
}

struct ByteGrid {
  float scale;
  float zero_point;
  float lowest;  ///< The code that is stored as 0.
};

ByteGrid byte_grid(const Graph& graph, const Quantizer& entry) {
  const QuantParams params = graph.params(entry.id);
  const float zero_point =
      params.zero_point.empty() ? 0.0F : static_cast<float>(params.zero_point[0]);
  return {params.scale[0], zero_point, static_cast<float>(entry.spec.qmin())};
}

}  // namespace

ActivationWalk::ActivationWalk(const Graph& graph, QuantMode mode, std::vector<ValueId> values,
                               std::size_t memory)
    : graph_(graph), mode_(mode), values_(std::move(values)), store_(memory) {
  require(graph.inputs().size() == 1, "calibration feeds one input, the network has {}",
          graph.inputs().size());
}

void ActivationWalk::load(const CalibrationData& data, bool mirrors) {
  const ValueId input = graph_.inputs()[0];
  batches_ = batch_count(data.samples.size(), data.loader);
  std::vector<std::int64_t>& rows = rows_[input];
  rows.assign(mirrors ? 2 * batches_ : batches_, 0);
  for_each_batch(data.samples, data.loader, [&](int, const Batch& batch) {
    const Tensor pictures = transposed(batch.images, {0, 2, 3, 1});  // As all else is stored.
    const auto bytes = pictures.bytes();
    rows[batch.index] = pictures.shape()[0];
    store_.put(input, batch.index, {bytes.begin(), bytes.end()});
    if (!mirrors) return;
    const std::size_t twin = batch.index + batches_;
    rows[twin] = pictures.shape()[0];
    store_.put(input, twin, mirrored(pictures));
  });
  pictures_ = rows;
  if (mirrors) batches_ *= 2;
  stored_.insert(input);
}

std::vector<ValueId> ActivationWalk::sources_of(ValueId value) const {
  std::set<ValueId> seen;
  std::vector<ValueId> open = {value};
  std::vector<ValueId> sources;
  while (!open.empty()) {
    const ValueId next = open.back();
    open.pop_back();
    if (!next || graph_.is_constant(next) || !seen.insert(next).second) continue;
    if (stored_.contains(next)) {
      sources.push_back(next);
      continue;
    }
    const Node* producer = graph_.producer(next);
    if (producer != nullptr) {
      open.insert(open.end(), producer->inputs.begin(), producer->inputs.end());
    }
  }
  std::ranges::sort(sources);
  return sources;
}

std::size_t ActivationWalk::stored_size(ValueId value) const {
  return elements(graph_.value(value)) *
         (byte_grid(graph_, mode_, value) != nullptr ? 1 : sizeof(float));
}

void ActivationWalk::forget_unneeded() {
  std::set<ValueId> needed;
  for (std::size_t i = position_; i < values_.size(); ++i) {
    for (const ValueId source : sources_of(values_[i])) needed.insert(source);
  }
  for (const ValueId value : std::set(stored_)) {
    if (needed.contains(value)) continue;
    store_.drop(value);
    stored_.erase(value);
    rows_.erase(value);
  }
}

ActivationWalk::Stop ActivationWalk::next() {
  ensure(position_ < values_.size(), "the walk has come to its end");
  // The value of the stop before this one may have been stored meanwhile.
  forget_unneeded();
  Stop stop;
  stop.walk_ = this;
  stop.value_ = values_[position_++];
  stop.sources_ = sources_of(stop.value_);
  const bool is_stored = stored_.contains(stop.value_);
  if (!is_stored) {
    const Graph piece = part(graph_, stop.sources_, {stop.value_});
    stop.value_in_part_ = piece.outputs()[0];
    stop.plan_ =
        std::make_unique<Plan>(piece, PlanOptions{.mode = mode_, .taps = {stop.value_in_part_}});
    std::size_t source_size = 0;
    for (const ValueId source : stop.sources_) source_size += stored_size(source);
    stop.keeps_ = stored_size(stop.value_) <= kKeptGrowth * source_size;
    if (stop.keeps_) {
      stored_.insert(stop.value_);
      rows_[stop.value_].assign(batches_, 0);
    }
  }
  return stop;
}

std::vector<std::byte> ActivationWalk::encode(ValueId value, const TensorView& view) const {
  const Quantizer* entry = byte_grid(graph_, mode_, value);
  if (entry == nullptr) {
    const auto bytes = std::as_bytes(view.data);
    return {bytes.begin(), bytes.end()};
  }
  const ByteGrid grid = byte_grid(graph_, *entry);
  std::vector<std::byte> codes(view.data.size());
  std::ranges::transform(view.data, codes.begin(), [&](float x) {
    const float code = std::nearbyint(x / grid.scale) + grid.zero_point - grid.lowest;
    return static_cast<std::byte>(static_cast<std::uint8_t>(code));
  });
  return codes;
}

namespace {

/// Stored bytes as numbers again.
class Decoded {
 public:
  Decoded(const Graph& graph, QuantMode mode, ValueId value, std::int64_t batch,
          std::vector<std::byte> bytes)
      : shape_(shape_of(graph.value(value), batch)) {
    const Quantizer* entry = byte_grid(graph, mode, value);
    if (entry == nullptr) {
      numbers_.resize(bytes.size() / sizeof(float));
      std::memcpy(numbers_.data(), bytes.data(), bytes.size());
      return;
    }
    const ByteGrid grid = byte_grid(graph, *entry);
    numbers_.resize(bytes.size());
    std::ranges::transform(bytes, numbers_.begin(), [&](std::byte code) {
      const float q = static_cast<float>(std::to_integer<int>(code)) + grid.lowest;
      return (q - grid.zero_point) * grid.scale;
    });
  }

  TensorView view() const { return {numbers_, shape_, shape_.size() == 4}; }

 private:
  Shape shape_;
  std::vector<float> numbers_;
};

}  // namespace

void ActivationWalk::Stop::run(std::size_t batch,
                               const std::function<void(const TensorView&)>& show) const {
  std::vector<Decoded> decoded;
  decoded.reserve(sources_.size());
  std::vector<TensorView> inputs;
  for (const ValueId source : sources_) {
    const std::int64_t rows = walk_->rows_.at(source)[batch];
    if (rows == 0) return;  // None of the batch's pictures could be read.
    decoded.emplace_back(walk_->graph_, walk_->mode_, source, rows,
                         walk_->store_.get(source, batch));
    inputs.push_back(decoded.back().view());
  }
  if (plan_ == nullptr) {
    compute_on_calling_thread();
    return show(inputs.at(0));
  }
  plan_->run(inputs, [&](ValueId value, const TensorView& view) {
    if (value != value_in_part_) return;
    show(view);
    if (!keeps_) return;
    walk_->rows_.at(value_)[batch] = view.shape[0];
    walk_->store_.put(value_, batch, walk_->encode(value_, view));
  });
}

}  // namespace quern
