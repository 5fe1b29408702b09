#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/ids.h"
#include "quern/graph/name_table.h"
#include "quern/graph/node.h"
#include "quern/graph/preprocessing.h"
#include "quern/graph/quantizer.h"

namespace quern {

/// A network: nodes, the values between them, and the table of grids its Quant nodes live on.
///
/// The only thing that travels from import to export. Copies are cheap (constants share bytes) and
/// independent. Edits keep producers and readers consistent; `verify()` states the invariants.
class Graph {
 public:
  /// Who reads a value: the node and the position among its inputs.
  struct Use {
    NodeId node;
    std::size_t input;
    auto operator<=>(const Use&) const = default;
  };

  std::string name;
  std::optional<Preprocessing> preprocessing;  ///< As recorded with the model.
  /// The output that stands for label 0: 1 where output 0 is TensorFlow's "background", −1 where
  /// the network lacks a class for label 0.
  std::int64_t label_offset = 0;
  std::map<std::string, std::string> metadata;  ///< The file's own key–value pairs, passed through.

  // --- building -------------------------------------------------------------------------------

  /// A value that a node will produce. A name already taken gets a numbered suffix.
  ValueId add_value(std::string_view name, DType dtype = DType::kFloat32,
                    std::optional<Dims> dims = std::nullopt);
  ValueId add_constant(std::string_view name, Tensor constant);
  ValueId add_input(std::string_view name, DType dtype, Dims dims);
  void add_output(ValueId value);

  /// Takes everything but `id` from `node`; an empty layer becomes "Op_index", a taken one gets a
  /// numbered suffix. @throws Error(kParse) if an output already has a producer or is constant.
  NodeId add_node(Node node);

  /// An entry with everything but `id` taken from the argument; names are made unique.
  ScaleId add_scale(Scale scale);
  QuantizerId add_quantizer(Quantizer quantizer);

  // --- editing --------------------------------------------------------------------------------

  void set_input(NodeId node, std::size_t index, ValueId value);
  /// Adds an omitted trailing input, e.g. a bias.
  void append_input(NodeId node, ValueId value);
  void remove_input(NodeId node, std::size_t index);
  void set_attribute(NodeId node, std::string_view key, Attribute value);
  void erase_attribute(NodeId node, std::string_view key);
  /// Another op for the same inputs and outputs; attributes are dropped.
  void set_op(NodeId node, std::string_view op);
  void set_layer(NodeId node, std::string_view layer);
  /// The grid of a Quant.
  void set_quantizer(NodeId node, QuantizerId quantizer);
  void set_constant(ValueId value, Tensor constant);
  void set_type(ValueId value, DType dtype, std::optional<Dims> dims);
  void set_output(std::size_t index, ValueId value);

  /// Every reader of `from`, graph outputs included, reads `to` instead, except the nodes listed.
  void replace_uses(ValueId from, ValueId to, const std::vector<NodeId>& except = {});

  /// Puts a Quant of `quantizer` on `value`: the readers listed (all, and the graph outputs, when
  /// none are) read its output; a graph output keeps its name. @return the new node.
  NodeId insert_quant(ValueId value, QuantizerId quantizer, std::string_view layer,
                      const std::vector<Use>& readers = {});

  /// Removes a one-output node whose readers then read its first input; a graph output keeps its
  /// name. The node's other inputs stay.
  void bypass(NodeId node);
  /// Removes a node nobody reads. @throws Error(kInternal) if an output has a reader.
  void erase_node(NodeId node);
  /// Removes nodes and constants that no graph output depends on. @return how many nodes.
  std::size_t erase_dead();

  // --- reading --------------------------------------------------------------------------------

  const Node& node(NodeId id) const;
  const Value& value(ValueId id) const;
  const Quantizer& quantizer(QuantizerId id) const;
  Quantizer& quantizer(QuantizerId id);
  const Scale& scale(ScaleId id) const;
  Scale& scale(ScaleId id);

  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }

  /// Live nodes, each after those it reads; stable: as near to the order of insertion as that
  /// allows. @throws Error(kParse) naming a layer on a cycle.
  std::vector<NodeId> nodes() const;
  std::vector<NodeId> nodes_of(std::string_view op) const;
  std::vector<ValueId> values() const;
  std::vector<QuantizerId> quantizers() const;
  std::vector<ScaleId> scales() const;

  /// The node that computes `value`; null for constants and graph inputs.
  const Node* producer(ValueId value) const;
  std::vector<Use> uses(ValueId value) const;
  /// Readers, counting a graph output as one.
  std::size_t use_count(ValueId value) const;
  bool is_output(ValueId value) const;
  bool is_constant(ValueId value) const { return value && this->value(value).constant.has_value(); }
  /// The constant behind `value`, looking through a Quant; null if it is computed.
  const Tensor* constant_behind(ValueId value) const;
  /// The Quant that computes `value`; null otherwise.
  const Node* quant_of(ValueId value) const;

  std::optional<NodeId> find_layer(std::string_view layer) const;
  std::optional<ValueId> find_value(std::string_view name) const;

  const Attribute* attribute(NodeId node, std::string_view key) const;
  /// The attribute, or `fallback` where it is absent, for every type an Attribute holds but a list
  /// of strings. @throws Error(kParse) naming layer and key if it has another type.
  template <class T>
  T attribute_or(NodeId node, std::string_view key, T fallback) const;

  /// One scale per channel or one in all; a derived quantizer's product is computed.
  /// @throws Error(kInvalidArgument) naming the quantizer if its scale is not known yet.
  QuantParams params(QuantizerId id) const;

  /// The same graph with tables numbered in order of use and without unused entries: the form in
  /// which two graphs are compared and written.
  Graph compacted() const;

  bool operator==(const Graph& other) const;

 private:
  struct ValueRecord {
    Value value;
    NodeId producer;
    std::vector<Use> uses;
    bool alive = true;
  };
  struct NodeRecord {
    Node node;
    bool alive = true;
  };

  const NodeRecord& record(NodeId id) const;
  const ValueRecord& record(ValueId id) const;
  NodeRecord& record(NodeId id);
  ValueRecord& record(ValueId id);
  void exchange_names(ValueId a, ValueId b);
  void link(NodeId node, std::size_t input);
  void unlink(NodeId node, std::size_t input);

  std::vector<NodeRecord> nodes_;
  std::vector<ValueRecord> values_;
  std::vector<Quantizer> quantizers_;
  std::vector<Scale> scales_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  NameTable<ValueId> value_names_;
  NameTable<NodeId> layers_;
  NameTable<QuantizerId> quantizer_names_;
  NameTable<ScaleId> scale_names_;
};

/// States the invariants: every input is produced, constant or a graph input; no cycle; every Quant
/// names a live quantizer whose scale has one element or one per channel; constants are finite;
/// there is at least one output. @throws Error(kParse) with the layer and what is wrong.
void verify(const Graph& graph);

}  // namespace quern
