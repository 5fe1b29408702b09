#include "quern/data/training_batches.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/random.h"

namespace quern {
namespace {

/// Batches that may lie ready; two more than threads fill.
constexpr std::size_t kAhead = 2;

/// What a random stream is for; streams of different uses have nothing in common.
enum class Use : std::uint64_t { kOrder, kShowing, kMixup };

Random stream(std::uint64_t seed, Use use, std::uint64_t epoch, std::uint64_t index) {
  std::uint64_t mixed = seed;
  for (const std::uint64_t part : {static_cast<std::uint64_t>(use), epoch, index}) {
    mixed = Random(mixed).next() + part;
  }
  return Random(mixed);
}

/// [samples, outputs] of 0 and 1.
std::vector<float> targets_of(const LabelledSet& set, int outputs) {
  if (set.is_multi_label()) {
    require(std::cmp_equal(set.outputs.size(), outputs),
            "the data set has {} outputs, the network {}", set.outputs.size(), outputs);
    return {set.targets.begin(), set.targets.end()};
  }
  std::vector<float> targets(set.samples.size() * outputs);
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    const Sample& sample = set.samples[i];
    if (sample.label < 0 || sample.label >= outputs) {
      fail(ErrorCode::kParse, "{} has {}, expected one of 0 to {}", sample.path.string(),
           sample.label < 0 ? "no label" : fmt::format("the label {}", sample.label), outputs - 1);
    }
    targets[i * outputs + sample.label] = 1;
  }
  return targets;
}

void check(const PictureStore& pictures, int outputs, const TrainingBatchesOptions& options) {
  require(outputs > 0, "a network to train has at least one output, got {}", outputs);
  require(options.batch_size > 0, "batch_size must be positive, got {}", options.batch_size);
  require(options.threads > 0, "threads that load must be positive, got {}", options.threads);
  require(pictures.side() >= options.preprocessing.crop,
          "pictures are stored with sides of {} pixels, the crop is {}", pictures.side(),
          options.preprocessing.crop);
  check(options.augmentation);
}

/// The values of `own` and, from the batch's other end, of `partner` in the ratio λ : 1 − λ.
/// Pairs are mixed at once, so that either still sees the other unmixed.
void mix(std::span<float> values, std::size_t rows, float share) {
  const std::size_t size = values.size() / rows;
  for (std::size_t i = 0; i < rows / 2; ++i) {
    float* const first = values.data() + i * size;
    float* const second = values.data() + (rows - 1 - i) * size;
    for (std::size_t k = 0; k < size; ++k) {
      const float a = first[k];
      const float b = second[k];
      first[k] = share * a + (1 - share) * b;
      second[k] = share * b + (1 - share) * a;
    }
  }
}

/// Memory of one thread that fills batches.
struct Scratch {
  std::vector<std::uint8_t> decoded;
  std::vector<std::uint8_t> shown;
};

}  // namespace

struct TrainingBatches::State {
  State(const PictureStore& pictures, const LabelledSet& set, int outputs,
        const TrainingBatchesOptions& options)
      : pictures(pictures),
        options(options),
        normalization(options.preprocessing),
        outputs(static_cast<std::size_t>(outputs)),
        targets(targets_of(set, outputs)),
        batch_size(std::min<std::size_t>(options.batch_size, pictures.usable().size())),
        slots(static_cast<std::size_t>(options.threads) + kAhead) {}

  /// A place for a batch under construction.
  struct Slot {
    TrainingBatch batch;
    bool is_ready = false;
    std::exception_ptr error;
  };

  std::size_t per_epoch() const { return pictures.usable().size() / batch_size; }
  void fill(std::uint64_t number, TrainingBatch& batch, Scratch& scratch);
  void add_picture(const TrainingBatch& batch, std::size_t row, std::span<float> images,
                   Scratch& scratch) const;
  std::vector<std::size_t> order_of(std::uint64_t epoch);
  void work(const std::stop_token& stop);

  const PictureStore& pictures;
  const TrainingBatchesOptions options;
  const Normalization normalization;
  const std::size_t outputs;
  const std::vector<float> targets;
  const std::size_t batch_size;

  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<Slot> slots;    ///< Batch n lies in slot n mod their number.
  std::uint64_t taken = 0;    ///< The next batch that a thread fills, counted over all epochs.
  std::uint64_t handed = 0;   ///< The next one that `next` hands on.
  std::uint64_t ordered = 0;  ///< The epoch of `order`.
  std::vector<std::size_t> order;
  std::vector<std::jthread> threads;  ///< Last, so that they stop before what they use goes.
};

std::vector<std::size_t> epoch_order(const std::vector<std::size_t>& usable, std::uint64_t seed,
                                     std::uint64_t epoch) {
  std::vector<std::size_t> order = usable;
  Random random = stream(seed, Use::kOrder, epoch, 0);
  for (std::size_t i = order.size(); i > 1; --i) {
    const auto other =
        static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i) - 1));
    std::swap(order[i - 1], order[other]);
  }
  return order;
}

/// Threads cross into the next epoch one after the other, so the order is kept while it serves.
std::vector<std::size_t> TrainingBatches::State::order_of(std::uint64_t epoch) {
  const std::lock_guard lock(mutex);
  if (order.empty() || ordered != epoch) {
    order = epoch_order(pictures.usable(), options.seed, epoch);
    ordered = epoch;
  }
  return order;
}

void TrainingBatches::State::add_picture(const TrainingBatch& batch, std::size_t row,
                                         std::span<float> images, Scratch& scratch) const {
  const int crop = options.preprocessing.crop;
  const std::size_t size = std::size_t{3} * crop * crop;
  const std::size_t position = batch.samples[row];
  Random random = stream(options.seed, Use::kShowing, batch.epoch, position);
  const Showing showing = draw_showing(options.augmentation, pictures.side(), crop, random);
  scratch.shown.resize(size);
  show(pictures.picture(position, scratch.decoded), pictures.side(), showing, crop, scratch.shown);
  normalization.apply(scratch.shown, Layout::kNchw, images.subspan(row * size, size),
                      options.layout);
}

void TrainingBatches::State::fill(std::uint64_t number, TrainingBatch& batch, Scratch& scratch) {
  batch.epoch = number / per_epoch();
  batch.index = static_cast<std::size_t>(number % per_epoch());
  const std::vector<std::size_t> all = order_of(batch.epoch);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(batch.index * batch_size);
  batch.samples.assign(begin, begin + static_cast<std::ptrdiff_t>(batch_size));

  const std::int64_t crop = options.preprocessing.crop;
  const auto rows = static_cast<std::int64_t>(batch_size);
  const Shape shape =
      options.layout == Layout::kNchw ? Shape{rows, 3, crop, crop} : Shape{rows, crop, crop, 3};
  if (batch.images.shape() != shape) {
    batch.images = Tensor(DType::kFloat32, shape);
    batch.targets = Tensor(DType::kFloat32, {rows, static_cast<std::int64_t>(outputs)});
  }
  const std::span<float> images = batch.images.mutable_data<float>();
  const std::span<float> answers = batch.targets.mutable_data<float>();
  for (std::size_t row = 0; row < batch_size; ++row) {
    add_picture(batch, row, images, scratch);
    std::copy_n(targets.begin() + static_cast<std::ptrdiff_t>(batch.samples[row] * outputs),
                outputs, answers.begin() + static_cast<std::ptrdiff_t>(row * outputs));
  }
  if (options.augmentation.mixup > 0) {
    Random random = stream(options.seed, Use::kMixup, batch.epoch, batch.index);
    const auto share = static_cast<float>(draw_mixup(options.augmentation.mixup, random));
    mix(images, batch_size, share);
    mix(answers, batch_size, share);
  }
}

void TrainingBatches::State::work(const std::stop_token& stop) {
  Scratch scratch;
  for (;;) {
    std::unique_lock lock(mutex);
    if (!changed.wait(lock, stop, [&] { return taken < handed + slots.size(); })) return;
    const std::uint64_t number = taken++;
    Slot& slot = slots[number % slots.size()];
    lock.unlock();
    std::exception_ptr error;
    try {
      fill(number, slot.batch, scratch);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    slot.error = error;
    slot.is_ready = true;
    changed.notify_all();
  }
}

TrainingBatches::TrainingBatches(const PictureStore& pictures, const LabelledSet& set, int outputs,
                                 const TrainingBatchesOptions& options, std::uint64_t epoch,
                                 std::size_t index) {
  check(pictures, outputs, options);
  state_ = std::make_unique<State>(pictures, set, outputs, options);
  require(index < state_->per_epoch(), "an epoch has {} batches, there is no batch {}",
          state_->per_epoch(), index);
  state_->taken = state_->handed = epoch * state_->per_epoch() + index;
  for (int i = 0; i < options.threads; ++i) {
    state_->threads.emplace_back([this](const std::stop_token& stop) { state_->work(stop); });
  }
}

TrainingBatches::~TrainingBatches() = default;

std::size_t TrainingBatches::per_epoch() const { return state_->per_epoch(); }

void TrainingBatches::next(TrainingBatch& batch) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  State::Slot& slot = state.slots[state.handed % state.slots.size()];
  state.changed.wait(lock, [&] { return slot.is_ready; });
  if (slot.error) std::rethrow_exception(slot.error);  // Stays, so a second call throws too.
  std::swap(batch, slot.batch);
  slot.is_ready = false;
  state.handed += 1;
  state.changed.notify_all();
}

}  // namespace quern
