#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "quern/engine/interpreter.h"
#include "quern/evaluate/integer_input.h"
#include "quern/evaluate/predictor.h"

namespace quern {

/// An integer network on the pictures of a loader. Each thread that calls runs an interpreter of
/// its own.
class IntegerNetwork : public Predictor {
 public:
  /// @param how  As the pictures are preprocessed.
  /// @throws errors of IntegerInput and Interpreter.
  IntegerNetwork(IntModel model, const Preprocessing& how);

  /// The real values of the first output.
  /// @throws Error(kUnsupported) naming an output that is not one row.
  Tensor logits(const Batch& batch) const override;
  std::int64_t bytes_per_sample() const override { return model_.memory.arena_bytes; }

  const IntModel& model() const { return model_; }

  /// Runs one picture, [3, height, width] float32; `tap` sees every step. @return the integers of
  /// every output, [height, width, channels].
  std::vector<std::vector<std::int32_t>> run(
      std::span<const float> picture, const std::function<void(const StepResult&)>& tap = {}) const;

 private:
  std::unique_ptr<Interpreter> take() const;
  void put_back(std::unique_ptr<Interpreter> interpreter) const;

  IntModel model_;
  IntegerInput input_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Interpreter>> idle_;
};

/// The real values of integers of a tensor, [height, width, channels].
std::vector<float> real_values(const IntTensor& tensor, std::span<const std::int32_t> integers);

}  // namespace quern
