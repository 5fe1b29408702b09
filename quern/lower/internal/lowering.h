#pragma once

// Inside the folder only: what the lowerings of ops share.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/graph/graph.h"
#include "quern/lower/epilogue.h"
#include "quern/lower/grid.h"
#include "quern/lower/lower.h"

namespace quern::internal {

class Lowering;

/// Extents of an activation of one sample.
struct Extents {
  std::int32_t height = 1;
  std::int32_t width = 1;
  std::int32_t channels = 1;

  bool operator==(const Extents&) const = default;
};

/// What the output of an op is.
struct Target {
  ValueId value;
  std::optional<Grid> grid;  ///< None: the accumulators themselves, of an output of the network.
};

/// What computes a value that is on no grid yet. The op is added when the grid is known; once for
/// each grid that somebody puts on the value.
class Source {
 public:
  virtual ~Source() = default;
  virtual Extents extents() const = 0;
  /// Adds the op whose output is `epilogue` of what it computes, on the grid of `target`.
  virtual TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                           const Target& target) const = 0;
};

/// A value between what computes it and its grid.
struct Pending {
  std::shared_ptr<const Source> source;
  Epilogue epilogue;
};

/// What a value of the graph has become: the codes of a tensor, or something that waits for a grid.
///
/// The elements of a value, in the row-major order of its dimensions, are those of the tensor in
/// the order channel, row, column. So what only changes dimensions changes nothing here.
using Lowered = std::variant<TensorIndex, Pending>;

/// The network of integers while it is made.
class Lowering {
 public:
  Lowering(const Graph& source, const LowerOptions& wanted) : graph(source), options(wanted) {}

  const Graph& graph;
  const LowerOptions& options;
  IntModel model;
  LowerReport report;
  std::map<ValueId, TensorIndex> input_codes;  ///< The tensors of the graph's inputs.
  std::set<ValueId> left_out;  ///< What a readout that was left out would have computed.

  void set(ValueId value, Lowered lowered) { values_.insert_or_assign(value, std::move(lowered)); }
  const Lowered& at(ValueId value) const;

  /// The tensor that input `index` of a node reads. @throws Error(kUnsupported) if the value is on
  /// no grid.
  TensorIndex codes(const Node& node, std::size_t index) const;
  /// The same as something that an epilogue may follow.
  Pending pending(ValueId value) const;

  const IntTensor& tensor(TensorIndex index) const;
  Extents extents(TensorIndex index) const;
  /// The grid of a tensor that a Quant made; those that only move codes have their input's.
  const Grid& grid(TensorIndex index) const;

  /// The output of an op, for codes of `grid`.
  TensorIndex add_tensor(const std::string& name, const Extents& extents, const Grid& grid);
  /// For accumulators; `scale` is what a step means.
  TensorIndex add_accumulators(const std::string& name, const Extents& extents,
                               std::vector<float> scale);
  void add_op(IntOp op) { model.ops.push_back(std::move(op)); }
  void note(const std::string& layer, const std::string& clause);

  /// The tensor's codes as another width or offset stores them; the same grid but for its ends.
  TensorIndex stored_as(TensorIndex index, const Grid& grid);

 private:
  std::string unique_name(const std::string& wanted) const;

  std::map<ValueId, Lowered> values_;
  std::vector<Grid> grids_;  ///< Per tensor.
};

/// What a tensor that holds a value is called: the layer that computes it, a Quant in most cases,
/// or the network's input.
const std::string& tensor_name(const Graph& graph, ValueId value);

/// The extents of a value as a tensor has them: [N, C, H, W], or everything behind the batch in one
/// row of channels. @throws Error(kUnsupported) naming the value where they are not known.
Extents extents_of(const Graph& graph, ValueId value);

/// Refuses an input whose dimensions are not those of its tensor: a Flatten of a picture stands in
/// between.
void check_is_picture(const Lowering& lowering, const Node& node, TensorIndex input);

/// A constant that a node reads, as the network has it: its Quant, if any, is applied.
Tensor constant_of(const Graph& graph, ValueId value);

}  // namespace quern::internal
