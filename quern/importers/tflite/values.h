// The tensors of a TFLite network as values of a graph.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/importers/tflite/model.h"

namespace quern {

/// The part of a tensor's name before the first ';': behind it converters list the ops that were
/// fused with the one named first.
std::string short_name(const std::string& name);

/// What every tensor of a network is in the graph: a float32 value that lies on the tensor's grid,
/// if it has one, or an int64 value for whole numbers without a grid. Axes are the file's.
/// Positions are those in the model's tensors.
class TfliteValues {
 public:
  /// Refers to both.
  TfliteValues(TfliteModel& model, Graph& graph) : model_(model), graph_(graph) { start(); }

  const TfliteTensor& tensor(int position) const;

  /// One quantizer for two tensors, if their grids are the same; before either is read.
  void share_grid(int a, int b);
  bool have_one_grid(int a, int b);
  /// The quantizer of an activation; none where it is stored as real values.
  /// @throws Error(kParse | kUnsupported) naming a tensor whose codes have no scale or several.
  std::optional<QuantizerId> quantizer(int position);

  /// The value of a tensor; a constant is added when it is first read.
  /// @throws Error(kParse) naming a tensor that nothing computes.
  ValueId value(int position);
  bool is_constant(int position) const { return !tensor(source(position)).data.empty(); }
  /// The elements of a constant as they are stored. @throws Error(kUnsupported) if it is computed.
  Tensor codes(int position);
  /// The elements of a constant, real or int64. @throws Error(kUnsupported) if it is computed.
  Tensor constant(int position);

  /// Whether the network hands the tensor out.
  bool is_output(int position) const { return is_output_.at(static_cast<std::size_t>(position)); }

  /// A graph input, behind a Quant where it is stored as codes.
  void add_input(int position);
  /// Says what computes a tensor. @throws Error(kParse) if something does already.
  void define(int position, ValueId value);
  /// The same for a tensor that is nothing but another one.
  void define_as(int position, int other);
  /// The tensor that `position` is another name of; else itself.
  int source(int position) const { return sources_.at(static_cast<std::size_t>(position)); }

 private:
  void start();
  int grid_class(int position);
  void check_undefined(int position) const;

  TfliteModel& model_;
  Graph& graph_;
  std::vector<ValueId> values_;
  std::vector<bool> is_output_;
  std::vector<int> sources_;
  std::vector<int> grid_classes_;        ///< Towards the tensor that stands for all on one grid.
  std::vector<QuantizerId> quantizers_;  ///< Of the tensors that stand for theirs.
};

}  // namespace quern
