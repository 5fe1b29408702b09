#include "quern/ptq/activation_walk.h"

#include <algorithm>
#include <set>

#include "quern/base/error.h"
#include "quern/graph/part.h"
#include "quern/ptq/internal/byte_codes.h"

namespace quern {
namespace {

using internal::ByteCodes;

/// Where memory is short, a value that takes more than this many times what it is computed from is
/// computed again where it is needed, instead of being kept.
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

/// Numbers that a stop reads, as they lie in memory: in the store itself, or decoded.
class Read {
 public:
  /// Pictures, [N, H, W, 3].
  explicit Read(const Tensor& images) : pictures_(images) {
    const Shape& shape = images.shape();
    shape_ = {shape[0], shape[3], shape[1], shape[2]};
    numbers_ = pictures_.data<float>();
  }

  /// Stored bytes of a value.
  Read(const BatchStore& store, const BatchStore::Place& place, Shape shape,
       const std::optional<ByteCodes>& codes)
      : shape_(std::move(shape)) {
    const std::span<const std::byte> bytes = store.read(place, buffer_);
    if (!codes) {
      numbers_ = {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
      return;
    }
    decoded_ = std::make_unique_for_overwrite<float[]>(bytes.size());
    codes->decode(bytes, {decoded_.get(), bytes.size()});
    numbers_ = {decoded_.get(), bytes.size()};
  }

  TensorView view() const { return {numbers_, shape_, shape_.size() == 4}; }

 private:
  Shape shape_;
  std::span<const float> numbers_;
  Tensor pictures_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<float[]> decoded_;
};

}  // namespace

ActivationWalk::ActivationWalk(const Graph& graph, QuantMode mode, std::vector<ValueId> values,
                               CalibrationPictures& pictures)
    : graph_(graph), mode_(mode), values_(std::move(values)), pictures_(pictures) {
  require(graph.inputs().size() == 1, "calibration feeds one input, the network has {}",
          graph.inputs().size());
}

bool ActivationWalk::is_source(ValueId value) const {
  return stored_.contains(value) || value == graph_.inputs()[0];
}

std::vector<ValueId> ActivationWalk::sources_of(ValueId value) const {
  std::set<ValueId> seen;
  std::vector<ValueId> open = {value};
  std::vector<ValueId> sources;
  while (!open.empty()) {
    const ValueId next = open.back();
    open.pop_back();
    if (!next || graph_.is_constant(next) || !seen.insert(next).second) continue;
    if (is_source(next)) {
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
  return elements(graph_.value(value)) * (ByteCodes::of(graph_, mode_, value) ? 1 : sizeof(float));
}

bool ActivationWalk::is_kept(const Stop& stop) const {
  const std::size_t size = stored_size(stop.value_);
  // The other half is for what is computed from it.
  if (size * pictures_.listed() <= pictures_.store().room() / 2) return true;
  std::size_t source_size = 0;
  for (const ValueId source : stop.sources_) source_size += stored_size(source);
  return size <= kKeptGrowth * source_size;
}

void ActivationWalk::forget_unneeded() {
  std::set<ValueId> needed;
  for (std::size_t i = position_; i < values_.size(); ++i) {
    for (const ValueId source : sources_of(values_[i])) needed.insert(source);
  }
  std::erase_if(stored_, [&](const auto& entry) {
    const auto& [value, stored] = entry;
    if (needed.contains(value)) return false;
    for (const BatchStore::Place& place : stored.places) pictures_.store().drop(place);
    return true;
  });
}

ActivationWalk::Stop ActivationWalk::next() {
  ensure(position_ < values_.size(), "the walk has come to its end");
  // The value of the stop before this one may have been stored meanwhile.
  forget_unneeded();
  Stop stop;
  stop.walk_ = this;
  stop.value_ = values_[position_++];
  stop.sources_ = sources_of(stop.value_);
  if (is_source(stop.value_)) return stop;
  const Graph piece = part(graph_, stop.sources_, {stop.value_});
  stop.value_in_part_ = piece.outputs()[0];
  stop.plan_ =
      std::make_unique<Plan>(piece, PlanOptions{.mode = mode_, .taps = {stop.value_in_part_}});
  stop.keeps_ = is_kept(stop);
  if (stop.keeps_) {
    Stored& stored = stored_[stop.value_];
    stored.rows.assign(pictures_.batches(), 0);
    stored.places.resize(pictures_.batches());
  }
  return stop;
}

void ActivationWalk::keep(ValueId value, std::size_t batch, const TensorView& view) {
  Stored& stored = stored_.at(value);
  stored.rows[batch] = view.shape[0];
  const std::optional<ByteCodes> codes = ByteCodes::of(graph_, mode_, value);
  stored.places[batch] = codes ? pictures_.store().put(codes->encode(view.data))
                               : pictures_.store().put(std::as_bytes(view.data));
}

void ActivationWalk::Stop::run(std::size_t batch,
                               const std::function<void(const TensorView&)>& show) const {
  ActivationWalk& walk = *walk_;
  if (walk.pictures_.count(batch) == 0) return;
  std::vector<Read> read;
  read.reserve(sources_.size());
  std::vector<TensorView> inputs;
  for (const ValueId source : sources_) {
    const auto stored = walk.stored_.find(source);
    if (stored == walk.stored_.end()) {
      read.emplace_back(walk.pictures_.images(batch));
    } else {
      read.emplace_back(walk.pictures_.store(), stored->second.places[batch],
                        shape_of(walk.graph_.value(source), stored->second.rows[batch]),
                        ByteCodes::of(walk.graph_, walk.mode_, source));
    }
    inputs.push_back(read.back().view());
  }
  if (plan_ == nullptr) {
    compute_on_calling_thread();
    return show(inputs.at(0));
  }
  plan_->run(inputs, [&](ValueId value, const TensorView& view) {
    if (value != value_in_part_) return;
    show(view);
    if (keeps_) walk.keep(value_, batch, view);
  });
}

}  // namespace quern
