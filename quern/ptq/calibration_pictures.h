#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "quern/data/loader.h"
#include "quern/ptq/batch_store.h"
#include "quern/tensor/tensor.h"

namespace quern {

class FloatMeans;

/// The calibration pictures as a network reads them, batch by batch.
struct CalibrationData {
  std::vector<Sample> samples;
  LoaderOptions loader;
  std::size_t memory = std::size_t{384} << 20;  ///< Most of a walk in memory (unit: bytes).
  /// Of the float network on these pictures, where they are known already.
  std::shared_ptr<const FloatMeans> float_means = nullptr;
};

/// The calibration pictures, decoded once, and the store that they and what walks compute from them
/// share.
class CalibrationPictures {
 public:
  /// @param bytes_per_sample  What the networks that run side by side on them take: batches are
  ///                          smaller and threads fewer where it is much.
  /// @param mirrors           After the pictures come their mirror images, in as many batches.
  CalibrationPictures(const CalibrationData& data, std::int64_t bytes_per_sample,
                      bool mirrors = false);

  /// Decodes the pictures. Errors are those of for_each_batch.
  /// @param watch  Sees the batches as they are decoded, on several threads.
  void load(const std::function<void(const Batch&)>& watch = {});

  std::size_t batches() const { return counts_.size(); }
  /// How many pictures of a batch could be read.
  std::int64_t count(std::size_t batch) const { return counts_.at(batch); }
  /// How many the list names, with their mirror images.
  std::size_t listed() const { return (mirrors_ ? 2 : 1) * samples_.size(); }
  /// The network's input for a batch, [pictures, crop, crop, 3] float32: channels last.
  Tensor images(std::size_t batch) const;

  int threads() const { return loader_.threads; }
  BatchStore& store() { return store_; }

 private:
  const std::vector<Sample> samples_;
  const LoaderOptions loader_;
  const bool mirrors_;
  BatchStore store_;
  std::vector<std::int64_t> counts_;        ///< Per batch.
  std::vector<BatchStore::Place> decoded_;  ///< Pixels per batch, without mirror images.
};

}  // namespace quern
