#pragma once

#include <cstdint>
#include <memory>

#include "quern/data/loader.h"
#include "quern/graph/graph.h"

namespace quern {

/// Whatever answers pictures with logits, in floats or integers.
class Predictor {
 public:
  virtual ~Predictor() = default;

  /// The answers to the pictures of a batch, float32 [pictures, classes]. May be called from
  /// several threads at once.
  virtual Tensor logits(const Batch& batch) const = 0;

  /// What one picture takes while it is computed, in bytes.
  virtual std::int64_t bytes_per_sample() const = 0;
};

/// A graph, as a Plan in fake-quant runs it.
/// @throws Error(kUnsupported) if its first output is known not to be logits or to mix samples;
///         errors of Plan. `logits` throws Error(kUnsupported | kParse) naming an output that has
///         not one row per picture, or is not finite.
std::unique_ptr<Predictor> predictor(const Graph& graph);

}  // namespace quern
