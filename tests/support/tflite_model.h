#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "quern/tensor/tensor.h"
#include "tflite_generated.h"

namespace quern::test {

/// Scales and zero points of a tensor; none of them: no quantization.
struct FileGrid {
  std::vector<float> scale = {};
  std::vector<std::int64_t> zero_point = {};
  int axis = 0;
};

/// A TFLite file under construction; every part can still be damaged by hand.
struct TfliteFile {
  tflite::ModelT model;

  TfliteFile() {
    model.version = 3;
    model.buffers.push_back(std::make_unique<tflite::BufferT>());
    model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
    graph().name = "main";
  }

  tflite::SubGraphT& graph() { return *model.subgraphs[0]; }
  tflite::TensorT& tensor(int position) {
    return *graph().tensors.at(static_cast<std::size_t>(position));
  }

  /// A computed tensor. @return its position.
  int add(const std::string& name, tflite::TensorType type, const std::vector<std::int32_t>& shape,
          const FileGrid& grid = {}) {
    auto tensor = std::make_unique<tflite::TensorT>();
    tensor->name = name;
    tensor->type = type;
    tensor->shape = shape;
    if (!grid.scale.empty()) {
      tensor->quantization = std::make_unique<tflite::QuantizationParametersT>();
      tensor->quantization->scale = grid.scale;
      tensor->quantization->zero_point = grid.zero_point;
      tensor->quantization->quantized_dimension = grid.axis;
    }
    graph().tensors.push_back(std::move(tensor));
    return static_cast<int>(graph().tensors.size()) - 1;
  }

  int input(const std::string& name, tflite::TensorType type,
            const std::vector<std::int32_t>& shape, const FileGrid& grid = {}) {
    graph().inputs.push_back(add(name, type, shape, grid));
    return graph().inputs.back();
  }

  int output(const std::string& name, tflite::TensorType type,
             const std::vector<std::int32_t>& shape, const FileGrid& grid = {}) {
    graph().outputs.push_back(add(name, type, shape, grid));
    return graph().outputs.back();
  }

  template <class T>
  int constant(const std::string& name, tflite::TensorType type,
               const std::vector<std::int32_t>& shape, const std::vector<T>& values,
               const FileGrid& grid = {}) {
    const int position = add(name, type, shape, grid);
    auto buffer = std::make_unique<tflite::BufferT>();
    buffer->data.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(buffer->data.data(), values.data(), buffer->data.size());
    tensor(position).buffer = static_cast<std::uint32_t>(model.buffers.size());
    model.buffers.push_back(std::move(buffer));
    return position;
  }

  int integers(const std::string& name, const std::vector<std::int32_t>& values) {
    return constant(name, tflite::TensorType::INT32, {static_cast<std::int32_t>(values.size())},
                    values);
  }

  int floats(const std::string& name, const std::vector<std::int32_t>& shape,
             const std::vector<float>& values) {
    return constant(name, tflite::TensorType::FLOAT32, shape, values);
  }

  tflite::OperatorT& op(tflite::BuiltinOperator code, const std::vector<int>& inputs,
                        const std::vector<int>& outputs) {
    auto entry = std::make_unique<tflite::OperatorCodeT>();
    entry->builtin_code = code;
    entry->deprecated_builtin_code =
        static_cast<std::int8_t>(std::min(static_cast<int>(code), 127));
    auto added = std::make_unique<tflite::OperatorT>();
    added->opcode_index = static_cast<std::uint32_t>(model.operator_codes.size());
    added->inputs = inputs;
    added->outputs = outputs;
    model.operator_codes.push_back(std::move(entry));
    graph().operators.push_back(std::move(added));
    return *graph().operators.back();
  }

  template <class Options>
  tflite::OperatorT& op(tflite::BuiltinOperator code, const std::vector<int>& inputs,
                        const std::vector<int>& outputs, Options options) {
    tflite::OperatorT& added = op(code, inputs, outputs);
    added.builtin_options.Set(std::move(options));
    return added;
  }

  std::vector<std::byte> bytes() const {
    flatbuffers::FlatBufferBuilder builder;
    tflite::FinishModelBuffer(builder, tflite::Model::Pack(builder, &model));
    const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {begin, begin + builder.GetSize()};
  }
};

/// image [1, 4, 4, 3] → CONV_2D of two channels and RELU → "features", all on int8 grids.
inline TfliteFile int8_conv() {
  using tflite::TensorType;
  TfliteFile file;
  std::vector<std::int8_t> codes(2 * 9 * 3);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::int8_t>(static_cast<int>(i * 5 % 255) - 127);
  }
  const int image = file.input("image", TensorType::INT8, {1, 4, 4, 3}, {{1.0F}, {-128}});
  const int weight = file.constant("net/conv/Conv2D", TensorType::INT8, {2, 3, 3, 3}, codes,
                                   {{0.01F, 0.03F}, {0, 0}, 0});
  const int bias = file.constant<std::int32_t>("net/conv/bias", TensorType::INT32, {2}, {100, -70},
                                               {{0.01F, 0.03F}, {0, 0}, 0});
  const int features =
      file.output("features;net/conv/Relu", TensorType::INT8, {1, 4, 4, 2}, {{0.5F}, {-128}});
  tflite::Conv2DOptionsT options;
  options.stride_w = options.stride_h = 1;
  options.fused_activation_function = tflite::ActivationFunctionType::RELU;
  file.op(tflite::BuiltinOperator::CONV_2D, {image, weight, bias}, {features}, options);
  return file;
}

}  // namespace quern::test
