#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "quern/data/augment.h"
#include "quern/data/labelled_set.h"
#include "quern/data/normalize.h"
#include "quern/data/picture_store.h"
#include "quern/graph/preprocessing.h"
#include "quern/tensor/tensor.h"

namespace quern {

struct TrainingBatchesOptions {
  Preprocessing preprocessing;
  Augmentation augmentation;
  int batch_size = 64;
  std::uint64_t seed = 0;
  int threads = 1;  ///< That fill batches ahead, at least 1; batches do not depend on it.
  Layout layout = Layout::kNhwc;
};

/// Some pictures to train on.
struct TrainingBatch {
  std::uint64_t epoch = 0;
  std::size_t index = 0;             ///< In its epoch, from 0.
  std::vector<std::size_t> samples;  ///< Positions in the set.
  Tensor images;   ///< float32, [N, 3, crop, crop] or [N, crop, crop, 3], as the layout says.
  Tensor targets;  ///< float32, [N, outputs]: 0 and 1; of one class a picture, 1 at the class;
                   ///< what mixup makes of them.
};

/// An endless sequence of training batches: every epoch shows each usable picture once, in an order
/// of its own, and leaves out what does not fill a last batch (a set smaller than a batch is one).
///
/// The order of an epoch is a function of (seed, epoch), how a picture is shown one of (seed,
/// epoch, position in the set), mixup one of (seed, epoch, index of the batch): so a sequence that
/// starts in the middle goes on as one that started at the beginning, whatever the number of
/// threads. Threads of its own stay a few batches ahead.
class TrainingBatches {
 public:
  /// @param pictures  Of the same samples as `set`; must live as long as this.
  /// @param outputs   Of the network.
  /// @throws Error(kInvalidArgument) for options out of their domain, a store whose side is smaller
  ///         than the crop, or a multi-label set with another number of outputs; Error(kParse)
  ///         naming a picture whose label is missing or no output.
  TrainingBatches(const PictureStore& pictures, const LabelledSet& set, int outputs,
                  const TrainingBatchesOptions& options, std::uint64_t epoch = 0,
                  std::size_t index = 0);
  TrainingBatches(const TrainingBatches&) = delete;
  TrainingBatches& operator=(const TrainingBatches&) = delete;
  ~TrainingBatches();

  /// Batches of an epoch.
  std::size_t per_epoch() const;

  /// Replaces `batch` by the next one. The memory of the old one is used again, so it must no
  /// longer be read. @throws what reading a picture throws.
  void next(TrainingBatch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The usable pictures in the order in which an epoch shows them.
std::vector<std::size_t> epoch_order(const std::vector<std::size_t>& usable, std::uint64_t seed,
                                     std::uint64_t epoch);

}  // namespace quern
