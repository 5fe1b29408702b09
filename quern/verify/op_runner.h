#pragma once

#include <cstdint>
#include <vector>

#include "quern/engine/interpreter.h"

namespace quern {

/// The integers of a tensor, [height, width, channels].
using Integers = std::vector<std::int32_t>;

/// One op of an integer network by itself: the kernel of quern/runtime on whole tensors, whatever
/// schedule and memory the network has. What it computes is what the network means.
class OpRunner {
 public:
  /// @throws errors of Interpreter.
  OpRunner(const IntModel& model, const IntOp& op);

  /// @param inputs  Codes of every input of the op, in its order.
  Integers run(const std::vector<const Integers*>& inputs);

 private:
  std::vector<std::size_t> positions_;  ///< Of the op's input that each input of the model is.
  Interpreter interpreter_;
};

/// The network that consists of one op.
IntModel network_of(const IntModel& model, const IntOp& op);

}  // namespace quern
