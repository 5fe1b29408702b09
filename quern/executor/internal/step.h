#pragma once

// Inside the executor only: what a compiled step is made of.

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "quern/executor/plan.h"
#include "quern/ops/node_view.h"

namespace quern {

/// The inputs of a step while it runs, in the order of the node's inputs.
///
/// Between steps every tensor is dense: channels last where it has four dimensions, row-major
/// otherwise. A step may return any strides; the plan makes the tensor dense.
class Arguments {
 public:
  /// @param may_overwrite  False where autograd, or whoever runs the step, still needs the inputs.
  explicit Arguments(std::vector<at::Tensor> tensors, bool may_overwrite = true)
      : tensors_(std::move(tensors)), may_overwrite_(may_overwrite) {}

  bool has(std::size_t index) const { return index < tensors_.size() && tensors_[index].defined(); }
  /// Undefined where the input is omitted.
  const at::Tensor& operator[](std::size_t index) const { return tensors_[index]; }
  const std::vector<at::Tensor>& all() const { return tensors_; }

  /// Dense memory of the shape of input `index` for the step's result: the input itself where this
  /// step is its last reader, so that the step works in place.
  at::Tensor result_like(std::size_t index);

  /// Whether the memory of input `index` is this step's to overwrite.
  bool owns(std::size_t index) const;

 private:
  std::vector<at::Tensor> tensors_;
  bool may_overwrite_;
};

/// Computes a node's outputs from its inputs. Called from several threads at once.
using Forward = std::function<std::vector<at::Tensor>(Arguments&)>;

/// What a step is compiled from.
struct StepSource {
  NodeView node;
  std::vector<at::Tensor>
      constants;  ///< Inputs known before any run; undefined where they are not.
  QuantMode mode;

  bool is_constant(std::size_t index) const {
    return index < constants.size() && constants[index].defined();
  }
  /// A constant input's elements as integers: axes, shapes. @throws Error(kUnsupported) naming the
  /// layer if it is computed.
  std::vector<std::int64_t> integers(std::size_t index) const;
};

/// Compiles one node. @throws Error(kUnsupported | kParse) naming the layer.
using BuildStep = Forward (*)(const StepSource&);

}  // namespace quern
