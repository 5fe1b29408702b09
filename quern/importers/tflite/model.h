// The tables of a TFLite file, checked, in plain structs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

namespace tflite {
struct Operator;
enum class BuiltinOperator : std::int32_t;
enum class TensorType : std::int8_t;
}  // namespace tflite

/// Parts of a FlatBuffer may be shared by any number of tables, so a small file can stand for much
/// memory. The budget allows a file what honest ones need.
class DecodingBudget {
 public:
  explicit DecodingBudget(std::size_t file_bytes);
  /// @throws Error(kParse) where more is spent than the file is worth.
  void spend(std::size_t count, std::size_t bytes_each);

 private:
  std::size_t left_;
};

/// The grid that a tensor's codes lie on: real = (code − zero_point) · scale.
struct TfliteGrid {
  std::vector<float> scale;  ///< One, or one per slice along `axis`; each > 0 and finite.
  std::vector<std::int32_t> zero_point;  ///< As many as scale.
  std::size_t axis = 0;                  ///< In the file's layout.

  bool operator==(const TfliteGrid&) const = default;
};

struct TfliteTensor {
  std::string name;  ///< Never empty.
  tflite::TensorType type;
  Dims dims;                            ///< Images are [N, H, W, C].
  std::span<const std::uint8_t> data;   ///< Empty where the tensor is computed.
  std::optional<TfliteGrid> grid = {};  ///< None where the file names no scale.
};

struct TfliteOperator {
  tflite::BuiltinOperator op;
  std::string custom;               ///< The name of a custom op.
  const tflite::Operator* options;  ///< The table that holds its options.
  std::vector<int> inputs;          ///< Positions in TfliteModel::tensors; −1: omitted.
  std::vector<int> outputs;
  /// Of a convolution: `dilations` and `pads` instead of those of its options, unless empty.
  std::map<std::string, Attribute> window = {};
};

/// A network of one graph. Refers to the bytes that it was read from.
struct TfliteModel {
  std::string name;
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;  ///< In an order in which they can run.
  std::vector<int> inputs;
  std::vector<int> outputs;
  DecodingBudget budget;
};

/// "CONV_2D"; "op 250" for one that is newer than quern's list.
std::string tflite_name(tflite::BuiltinOperator op);
/// "INT8"
std::string tflite_name(tflite::TensorType type);

/// @param bytes  Aligned like any allocated memory, alive as long as the model.
/// @throws Error(kParse) where the bytes are no TFLite file or a table names what is not there;
///         Error(kUnsupported) for several graphs, variables, sparse tensors and files above 2 GiB.
TfliteModel read_tflite_model(std::span<const std::byte> bytes);

}  // namespace quern
