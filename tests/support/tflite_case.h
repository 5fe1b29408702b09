#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "quern/base/random.h"
#include "tests/support/tflite_model.h"

namespace quern::test {

using Shape32 = std::vector<std::int32_t>;

/// What the activations of a file are stored as, and what its weights.
enum class Form : std::uint8_t { kFloat, kFloat16Weights, kInt8, kUint8, kInt16 };

/// Elements of a tensor.
inline std::size_t count(const Shape32& shape) {
  std::size_t product = 1;
  for (const std::int32_t extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

/// A file of one op that grows its tensors as they are chosen.
class TfliteCase {
 public:
  TfliteCase(std::uint64_t seed, const std::vector<Form>& forms) : chance(seed) {
    form = forms[static_cast<std::size_t>(pick(0, static_cast<int>(forms.size()) - 1))];
  }

  int pick(int low, int high) { return static_cast<int>(chance.integer(low, high)); }
  bool maybe() { return pick(0, 1) == 1; }
  /// [1, H, W, C], which tells another layout by its extents.
  Shape32 image(int least = 3, int most = 9) {
    Shape32 shape = {1, pick(least, most), pick(least, most), pick(1, 5)};
    if (shape[1] == shape[2] && shape[2] == shape[3]) ++shape[3];
    return shape;
  }
  tflite::ActivationFunctionType activation() {
    constexpr tflite::ActivationFunctionType kChoices[] = {
        tflite::ActivationFunctionType::NONE, tflite::ActivationFunctionType::RELU,
        tflite::ActivationFunctionType::RELU6, tflite::ActivationFunctionType::RELU_N1_TO_1};
    return kChoices[pick(0, form == Form::kInt16 ? 2 : 3)];
  }
  tflite::Padding padding() { return maybe() ? tflite::Padding::SAME : tflite::Padding::VALID; }

  bool is_float() const { return form == Form::kFloat || form == Form::kFloat16Weights; }
  tflite::TensorType type() const {
    if (form == Form::kInt8) return tflite::TensorType::INT8;
    if (form == Form::kUint8) return tflite::TensorType::UINT8;
    return form == Form::kInt16 ? tflite::TensorType::INT16 : tflite::TensorType::FLOAT32;
  }

  /// The grid of the form that covers low to high.
  FileGrid grid(double low, double high) const {
    if (is_float()) return {};
    if (form == Form::kInt16) {
      return {{static_cast<float>(std::max(-low, high) / 32767)}, {0}};
    }
    const double scale = (high - low) / 255;
    const double qmin = form == Form::kInt8 ? -128 : 0;
    return {{static_cast<float>(scale)}, {std::llround(qmin - low / scale)}};
  }
  FileGrid any_grid() { return grid(-chance.uniform(0.1, 4), chance.uniform(0.1, 4)); }

  int input(const Shape32& shape, const FileGrid& grid) {
    return file.input("input_" + std::to_string(file.graph().inputs.size()), type(), shape, grid);
  }
  int input(const Shape32& shape) { return input(shape, any_grid()); }
  int output(const FileGrid& grid) {
    return file.output("output_" + std::to_string(file.graph().outputs.size()), type(), {}, grid);
  }
  int output() { return output(any_grid()); }
  FileGrid grid_of(int position) {
    const auto& quantization = file.tensor(position).quantization;
    if (!quantization) return {};
    return {quantization->scale, quantization->zero_point, quantization->quantized_dimension};
  }

  std::vector<float> floats(const Shape32& shape, double low = -1, double high = 1) {
    std::vector<float> values(count(shape));
    for (float& value : values) value = static_cast<float>(chance.uniform(low, high));
    return values;
  }
  template <class T>
  std::vector<T> codes(const Shape32& shape, int low, int high) {
    std::vector<T> values(count(shape));
    for (T& value : values) value = static_cast<T>(pick(low, high));
    return values;
  }

  /// A constant activation.
  int constant(const Shape32& shape, const FileGrid& grid) {
    switch (form) {
      case Form::kInt8:
        return file.constant("constant", type(), shape, codes<std::int8_t>(shape, -128, 127), grid);
      case Form::kUint8:
        return file.constant("constant", type(), shape, codes<std::uint8_t>(shape, 0, 255), grid);
      case Form::kInt16:
        return file.constant("constant", type(), shape, codes<std::int16_t>(shape, -32767, 32767),
                             grid);
      default:
        return file.floats("constant", shape, floats(shape));
    }
  }

  /// Of real values in about −1 to 1, one scale for each slice along `axis` where the form has it.
  int weight(const Shape32& shape, int axis, bool per_channel = true) {
    const std::string name = "layer/weight";
    if (form == Form::kFloat) return file.floats(name, shape, floats(shape));
    if (form == Form::kFloat16Weights) return float16_weight(name, shape);
    if (form == Form::kUint8) {
      return file.constant(name, tflite::TensorType::UINT8, shape,
                           codes<std::uint8_t>(shape, 1, 255), {{0.008F}, {pick(100, 150)}});
    }
    FileGrid grid = {{}, {}, axis};
    const int scales =
        per_channel && maybe() ? static_cast<int>(shape[static_cast<std::size_t>(axis)]) : 1;
    for (int i = 0; i < scales; ++i) {
      grid.scale.push_back(static_cast<float>(chance.uniform(0.002, 0.01)));
      grid.zero_point.push_back(0);
    }
    return file.constant(name, tflite::TensorType::INT8, shape,
                         codes<std::int8_t>(shape, -127, 127), grid);
  }

  int bias(int channels, int x, int weight) {
    const std::string name = "layer/bias";
    if (is_float()) return file.floats(name, {channels}, floats({channels}));
    FileGrid grid = grid_of(weight);
    for (float& scale : grid.scale) scale *= grid_of(x).scale[0];
    grid.zero_point.assign(grid.scale.size(), 0);
    grid.axis = 0;
    if (form == Form::kInt16) {
      return file.constant(name, tflite::TensorType::INT64, {channels},
                           codes<std::int64_t>({channels}, -30000, 30000), grid);
    }
    return file.constant(name, tflite::TensorType::INT32, {channels},
                         codes<std::int32_t>({channels}, -3000, 3000), grid);
  }

  Random chance;
  Form form = Form::kFloat;
  TfliteFile file;

 private:
  int float16_weight(const std::string& name, const Shape32& shape) {
    // Sign, exponents of 2⁻⁴ to 2⁻¹, mantissa.
    std::vector<std::uint16_t> halves(count(shape));
    for (auto& half : halves) {
      half = static_cast<std::uint16_t>(pick(0, 1) << 15 | pick(11, 14) << 10 | pick(0, 1023));
    }
    const int stored = file.constant(name + "_half", tflite::TensorType::FLOAT16, shape, halves);
    const int real = file.add(name, tflite::TensorType::FLOAT32, shape);
    file.op(tflite::BuiltinOperator::DEQUANTIZE, {stored}, {real});
    return real;
  }
};

}  // namespace quern::test
