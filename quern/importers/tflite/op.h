// One operator of a TFLite network on its way into a graph.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/base/error.h"
#include "quern/importers/tflite/model.h"
#include "quern/importers/tflite/values.h"
#include "tflite_generated.h"

namespace quern {

/// How the grids of an operator's inputs and outputs are related by TFLite's specification.
enum class GridRule : std::uint8_t {
  kOwn,        ///< The output has a grid of its own.
  kShared,     ///< Output and inputs have one grid; the output is rounded to it.
  kPreserved,  ///< Output and inputs have one grid, and the output lies on it without rounding.
};

/// What is known of an op besides its translation.
struct TfliteForm {
  GridRule grid = GridRule::kOwn;
  bool has_weight = false;  ///< Input 1 is a layer's weight, after which the layer is called.
};

/// What a translation reads and adds. Images that enter a node in ONNX's layout are transposed
/// right before and right after it; the pass move_transposes removes what is too much.
///
/// Whatever is wrong with the operator is thrown without its name, which the caller adds.
class TfliteOp {
 public:
  using Attributes = std::map<std::string, Attribute>;

  /// The node that computes an output, and what follows it.
  struct Result {
    std::string_view op;
    std::vector<ValueId> inputs;
    Attributes attributes = {};
    tflite::ActivationFunctionType activation = tflite::ActivationFunctionType::NONE;
    bool is_image = false;  ///< It is [N, C, H, W] and the file's tensor [N, H, W, C].
  };

  TfliteOp(const TfliteOperator& table, const TfliteForm& form, Graph& graph, TfliteValues& values);

  const std::string& layer() const { return layer_; }
  const Attributes& window() const { return table_.window; }
  TfliteValues& values() { return values_; }

  std::size_t input_count() const { return table_.inputs.size(); }
  std::size_t output_count() const { return table_.outputs.size(); }
  bool has_input(std::size_t i) const;
  /// Positions among the model's tensors. @throws Error(kParse) if there is none.
  int input(std::size_t i) const;
  int output(std::size_t i) const;
  /// The extents that the file states. @throws Error(kParse) if there is no such input.
  const Dims& dims(std::size_t i) const;

  /// The options; their defaults where the file has none. @throws Error(kParse) for another op's.
  template <class Table>
  typename Table::NativeTableType options() const;

  /// Input `i` in the file's layout, and as an image [N, C, H, W].
  ValueId value(std::size_t i);
  ValueId image(std::size_t i);
  /// The elements of a constant input of whole numbers.
  std::vector<std::int64_t> integers(std::size_t i);
  /// The elements of an input of whole numbers that is constant or computed from shapes; none for
  /// those that a run decides.
  std::vector<std::optional<std::int64_t>> extents(std::size_t i);
  /// A constant input of one element, without a grid of its own.
  ValueId number(std::size_t i);
  bool is_constant(std::size_t i) const { return values_.is_constant(input(i)); }
  ValueId weight(std::size_t i, const std::vector<std::size_t>& order);
  /// Appends input `i`, if there is one, as the bias of inputs [x, weight] that stand for input
  /// `x`.
  void append_bias(std::size_t i, std::size_t x, std::vector<ValueId>& inputs);

  ValueId constant(const std::vector<std::int64_t>& integers);
  ValueId constant(float number);
  /// A node on the way to the result.
  ValueId emit(std::string_view op, std::vector<ValueId> inputs, Attributes attributes = {});
  std::vector<ValueId> emit(std::string_view op, std::vector<ValueId> inputs, Attributes attributes,
                            std::size_t outputs);

  /// The node that computes the output, its activation, its grid and its layout.
  void finish(const Result& result, std::size_t output = 0);
  /// The output is `value`, which lies in the file's layout.
  void finish(ValueId value, std::size_t output = 0);

  template <class... Args>
  static void check(bool condition, fmt::format_string<Args...> message, Args&&... args) {
    if (!condition) fail(ErrorCode::kParse, message, std::forward<Args>(args)...);
  }
  template <class... Args>
  static void check_supported(bool condition, fmt::format_string<Args...> message, Args&&... args) {
    if (!condition) fail(ErrorCode::kUnsupported, message, std::forward<Args>(args)...);
  }

 private:
  Node activation_node(tflite::ActivationFunctionType activation);
  bool needs_quant(int output, bool is_activated);
  void finish_chain(std::vector<Node> chain, ValueId value, int output, bool is_activated,
                    bool is_image);

  const TfliteOperator& table_;
  const TfliteForm& form_;
  Graph& graph_;
  TfliteValues& values_;
  std::string layer_;
};

template <class Table>
typename Table::NativeTableType TfliteOp::options() const {
  typename Table::NativeTableType result;
  const auto type = table_.options->builtin_options_type();
  if (type == tflite::BuiltinOptions::NONE) return result;
  const auto* options = table_.options->builtin_options_as<Table>();
  check(options != nullptr, "it has the options of another op");
  options->UnPackTo(&result);
  return result;
}

}  // namespace quern
