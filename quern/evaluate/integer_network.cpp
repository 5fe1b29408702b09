#include "quern/evaluate/integer_network.h"

#include <utility>

#include "quern/base/error.h"

namespace quern {

IntegerNetwork::IntegerNetwork(IntModel model, const Preprocessing& how)
    : model_(std::move(model)), input_(model_, how) {
  put_back(take());  // What is wrong with the model is known before anything runs.
}

std::unique_ptr<Interpreter> IntegerNetwork::take() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Interpreter> interpreter = std::move(idle_.back());
      idle_.pop_back();
      return interpreter;
    }
  }
  return std::make_unique<Interpreter>(model_);
}

void IntegerNetwork::put_back(std::unique_ptr<Interpreter> interpreter) const {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(interpreter));
}

std::vector<std::vector<std::int32_t>> IntegerNetwork::run(
    std::span<const float> picture, const std::function<void(const StepResult&)>& tap) const {
  const auto tensor = [&](TensorIndex index) -> const IntTensor& {
    return model_.tensors.at(static_cast<std::size_t>(index));
  };
  std::vector<std::uint8_t> integers = input_.of(picture);
  const IntBuffer inputs[] = {buffer_for(tensor(model_.inputs[0].tensor), integers.data())};
  std::vector<std::vector<std::uint8_t>> codes;
  std::vector<std::vector<std::int32_t>> results;
  std::vector<IntBuffer> outputs;
  for (const TensorIndex output : model_.outputs) {
    const IntTensor& of = tensor(output);
    const auto size = static_cast<std::size_t>(of.height) * of.width * of.channels;
    std::vector<std::int32_t>& result = results.emplace_back(size);
    std::vector<std::uint8_t>& bytes = codes.emplace_back(of.bits == 32 ? 0 : size);
    outputs.push_back(
        buffer_for(of, of.bits == 32 ? static_cast<void*>(result.data()) : bytes.data()));
  }
  std::unique_ptr<Interpreter> interpreter = take();
  const RunStatus status =
      tap ? interpreter->run(inputs, outputs, tap) : interpreter->run(inputs, outputs);
  put_back(std::move(interpreter));
  ensure(status.ok, "{}", status.message);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!codes[i].empty()) results[i].assign(codes[i].begin(), codes[i].end());
  }
  return results;
}

Tensor IntegerNetwork::logits(const Batch& batch) const {
  const IntTensor& output = model_.tensors.at(static_cast<std::size_t>(model_.outputs.at(0)));
  if (output.height != 1 || output.width != 1) {
    fail(ErrorCode::kUnsupported, "the output '{}' is {}x{}x{}, expected one row of logits",
         output.name, output.height, output.width, output.channels);
  }
  const auto pictures = static_cast<std::int64_t>(batch.samples.size());
  Tensor logits(DType::kFloat32, {pictures, output.channels});
  const std::size_t size = batch.images.data<float>().size() / batch.samples.size();
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    const auto row =
        real_values(output, run(batch.images.data<float>().subspan(i * size, size))[0]);
    std::ranges::copy(
        row, logits.mutable_data<float>().begin() + static_cast<std::ptrdiff_t>(i * row.size()));
  }
  return logits;
}

std::vector<float> real_values(const IntTensor& tensor, std::span<const std::int32_t> integers) {
  std::vector<float> values(integers.size());
  const auto channels = static_cast<std::size_t>(tensor.channels);
  for (std::size_t i = 0; i < integers.size(); ++i) {
    const float scale = tensor.scale[tensor.scale.size() == 1 ? 0 : i % channels];
    values[i] = static_cast<float>(integers[i] - tensor.zero_point) * scale;
  }
  return values;
}

}  // namespace quern
