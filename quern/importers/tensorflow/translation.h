// From the nodes of a TensorFlow file to those of a Graph: what the rules of tensorflow/ops.h work
// with.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/graph/graph.h"
#include "quern/importers/import_report.h"
#include "quern/importers/tensorflow/wiring.h"
#include "quern/ops/symbolic_integers.h"

namespace quern::tensorflow {

/// The grid of a FakeQuant node: `q = clamp(round(x / scale + zero_point), 0, 2^bits − 1)`, without
/// the largest code where the range is narrow.
struct Grid {
  std::string layer;
  int bits = 8;
  bool narrow_range = false;
  std::vector<float> scale;  ///< One, or one per element of the tensor's last axis.
  std::vector<std::int32_t> zero_point;
};

/// A tensor whose elements are known. It becomes a constant of the graph when a node of the graph
/// reads it, since its layout depends on who does.
struct Constant {
  std::string name;  ///< Of the Const node that holds it.
  Tensor tensor;
  std::optional<Grid> grid;  ///< A FakeQuant stands between it and its readers.
  ValueId value;             ///< Once it is in the graph.
};

/// What a tensor of the file is on quern's side: known, or computed by the graph.
struct Operand {
  std::shared_ptr<Constant> constant;  ///< Null where it is computed.
  ValueId value;

  Operand() = default;
  Operand(ValueId computed) : value(computed) {}
  Operand(std::string name, Tensor tensor)
      : constant(std::make_shared<Constant>(Constant{std::move(name), std::move(tensor), {}, {}})) {
  }
};

using Attributes = std::map<std::string, Attribute>;

/// A translation under way.
struct Translation {
  const Wiring& wiring;
  ImportReport& report;
  Graph graph;
  /// By node and port. A node that could not be translated has none, but a reason: only who reads
  /// it is stopped, so that what does not reach an output does no harm.
  std::vector<std::vector<Operand>> results;
  std::vector<std::optional<Error>> failures;
  /// Values in the file's layout [N, H, W, C] → what they were transposed from, [N, C, H, W].
  std::unordered_map<ValueId, ValueId> channels_first;
  /// Elements that constants may still add by repeating their last one.
  std::int64_t repeats = std::int64_t{1} << 24;
};

/// One node of the file, under translation: its inputs and attributes, and the nodes it becomes.
class NodeTranslation {
 public:
  NodeTranslation(Translation& all, int index);

  const std::string& name() const { return def().name(); }
  const std::string& op() const { return def().op(); }
  Translation& all() { return all_; }
  Graph& graph() { return all_.graph; }

  // --- reading --------------------------------------------------------------------------------

  std::size_t input_count() const { return edges().size(); }
  /// @throws the reason why it could not be translated; Error(kParse) where it is missing.
  Operand operand(std::size_t input) const;
  /// The operand's elements; null where they are computed, or rounded to a grid.
  const Tensor* known(std::size_t input) const;
  /// The same. @throws Error(kUnsupported) naming `what` where they are computed.
  const Tensor& constant(std::size_t input, std::string_view what) const;
  /// Integers that are constant or follow from shapes. @throws as `constant`.
  std::vector<std::int64_t> integers(std::size_t input, std::string_view what) const;
  /// One element of a list of integers, of which others may not be known. @throws as `constant`.
  std::int64_t integer_at(std::size_t input, std::size_t position, std::string_view what) const;
  /// Extents of a computed or known operand. @throws Error(kUnsupported) where the rank is unknown.
  Dims dims(const Operand& operand) const;

  /// The node that computes an input, as it stands in the file.
  NodeTranslation producer(std::size_t input) const;
  /// Whether this node is the only reader of an input, through Identity nodes too.
  bool reads_alone(std::size_t input) const;

  std::int64_t integer(const std::string& key, std::int64_t fallback) const;
  float real(const std::string& key, float fallback) const;
  bool flag(const std::string& key, bool fallback) const;
  std::string text(const std::string& key, const std::string& fallback) const;
  std::vector<std::int64_t> integers(const std::string& key) const;
  /// Height and width of an attribute that lists a number for each axis of the image; 1 and 1 where
  /// it is absent. @throws Error(kUnsupported) where batch or channels have another than 1.
  std::vector<std::int64_t> spatial(const std::string& key) const;
  const AttrValue* attribute(const std::string& key) const;

  // --- writing --------------------------------------------------------------------------------

  /// What the node's layer is called where not like the node: after the scope of its weight,
  /// "a/conv" for "a/conv/kernel", if no other layer is.
  void name_after(const std::string& weight);

  /// Adds an op whose layer and output are called like this node.
  Operand emit(std::string_view op, const std::vector<Operand>& inputs, Attributes attributes = {});
  /// The same for one of several: its layer and output are called NAME/part.
  Operand emit_part(std::string_view part, std::string_view op, const std::vector<Operand>& inputs,
                    Attributes attributes = {});
  /// The same with `count` outputs.
  std::vector<Operand> emit_outputs(std::string_view op, const std::vector<Operand>& inputs,
                                    Attributes attributes, std::size_t count);
  /// A small known list or number.
  Operand list(std::string_view part, const std::vector<std::int64_t>& values) const;
  Operand number(std::string_view part, float value) const;

  /// The operand as a value of the graph.
  ValueId value(const Operand& operand);
  /// Puts a Quant on a value; the grid's scales lie along `axis`.
  ValueId quantize(ValueId value, const Grid& grid, int axis);

  /// Whether images lie as [N, H, W, C] here; TensorFlow's default.
  bool is_channels_last() const;
  /// An operand of this node's layout as [N, C, H, W].
  Operand to_channels_first(const Operand& operand);
  /// Adds an op that reads and computes [N, C, H, W]; the result has this node's layout.
  Operand emit_image_op(std::string_view op, const std::vector<Operand>& inputs,
                        Attributes attributes);

  void define(Operand operand) { define(std::vector<Operand>{std::move(operand)}); }
  void define(std::vector<Operand> operands);

  template <class... Args>
  [[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> message,
                         Args&&... args) const {
    throw Error(code, fmt::format(message, std::forward<Args>(args)...)).with_context(where());
  }
  /// What `compute` returns; its errors name this layer.
  template <class Compute>
  auto named(Compute&& compute) const {
    return with_context(where(), std::forward<Compute>(compute));
  }
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) fail(ErrorCode::kParse, message, std::forward<Args>(args)...);
  }
  template <class... Args>
  void check_supported(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) fail(ErrorCode::kUnsupported, message, std::forward<Args>(args)...);
  }

 private:
  struct Names {
    std::string layer;
    std::string value;
  };

  /// An operand of integers as far as they are known. @throws as `constant`.
  SymbolicIntegers symbolic(std::size_t input, std::string_view what) const;
  std::string where() const { return fmt::format("layer '{}' ({})", name(), op()); }
  const NodeDef& def() const { return all_.wiring.node(index_); }
  const std::vector<Edge>& edges() const { return all_.wiring.inputs(index_); }
  std::string part_name(std::string_view part) const;
  std::vector<Operand> add(const Names& names, Node node, const std::vector<Operand>& inputs,
                           std::size_t count);

  Translation& all_;
  int index_;
  std::string layer_;
};

}  // namespace quern::tensorflow
