#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// What the Quant nodes of a graph do.
enum class QuantMode : std::uint8_t {
  kFloat,      ///< Pass values through; a kConstant quantizer clips to the ends of its grid.
  kFakeQuant,  ///< Quantize and dequantize: the numbers of the exported file.
};

/// How convolutions and linear layers sum up what lies on grids.
enum class SumMode : std::uint8_t {
  kFloat32,  ///< In float32, in whatever order is fastest: the last bits depend on it.
  kExact,    ///< As integers; scaled, and rounded to float32, once. Slower.
};

/// The elements of an activation as they lie in memory, valid during the callback.
struct TensorView {
  std::span<const float> data;  ///< In an order of the executor's choice when `channels_last`.
  Shape shape;                  ///< Logical: [N, C, H, W] also when channels_last.
  bool channels_last = false;   ///< Memory order is N, H, W, C.

  /// A copy in row-major order of `shape`.
  Tensor to_tensor() const;
};

/// Sees values as they are computed, in schedule order.
using Tap = std::function<void(ValueId, const TensorView&)>;

/// Keeps LibTorch from using other threads for what this one computes: batches run side by side,
/// one thread each, and sums do not depend on how many there are. A Plan's `run` does so by itself.
void compute_on_calling_thread();

struct PlanOptions {
  QuantMode mode = QuantMode::kFakeQuant;
  std::vector<ValueId> taps;  ///< Values that `run` shows; nodes are not fused across them.
  SumMode sums = SumMode::kFloat32;
};

/// A graph compiled to steps: fused nodes, weights laid out and quantized once, buffers freed when
/// their last reader is done. Immutable; `run` may be called from several threads at once, and each
/// call computes on the calling thread only, so a result depends on its batch alone.
class Plan {
 public:
  /// The graph is copied (cheaply). @throws Error(kUnsupported) naming layer and op where no float
  /// implementation exists or a result is larger than any network's; Error(kInvalidArgument) where
  /// a scale is not known in kFakeQuant.
  explicit Plan(const Graph& graph, const PlanOptions& options = {});
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  /// @param inputs  One per graph input; the batch extent (the first) may be any size, whatever the
  ///                graph says, the others as the graph says.
  /// @return        One per graph output, row-major.
  /// @throws Error(kInvalidArgument) naming the input whose shape or dtype differs.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs, const Tap& tap = {}) const;

  /// The same from memory that need not be row-major, and that is read as it lies where rank 4 is
  /// channels last; what it computes is shown to `tap` alone.
  void run(const std::vector<TensorView>& inputs, const Tap& tap) const;

  /// What the activations of one sample take at most at one time, in bytes: what a caller needs who
  /// chooses how many samples to run side by side.
  std::int64_t bytes_per_sample() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quern
