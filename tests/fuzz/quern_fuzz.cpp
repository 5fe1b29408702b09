// from_bytes on any bytes, and on any payload behind the header's checksum: a network that runs, or
// an Error that blames the file. Networks that would only take long, or much memory, do not run.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quern/base/error.h"
#include "quern/engine/internal/envelope.h"
#include "quern/engine/interpreter.h"
#include "quern/engine/model_file.h"

namespace {

using quern::IntModel;

std::int64_t elements_of(const quern::IntTensor& tensor) {
  return std::int64_t{tensor.height} * tensor.width * tensor.channels;
}

/// Elements that kernels read and write, roughly.
std::int64_t cost(const IntModel& model) {
  std::int64_t sum = 0;
  for (const quern::IntOp& op : model.ops) {
    std::int64_t taps = std::ssize(op.inputs);
    if (const auto* conv = std::get_if<quern::IntConv>(&op.kind)) taps = conv->weights.depth;
    if (const auto* pool = std::get_if<quern::IntMaxPool>(&op.kind)) {
      taps = std::int64_t{pool->window.height} * pool->window.width;
    }
    if (const auto* pool = std::get_if<quern::IntAveragePool>(&op.kind)) {
      taps = std::int64_t{pool->window.height} * pool->window.width;
    }
    sum += taps * elements_of(model.tensors[static_cast<std::size_t>(op.output)]);
  }
  return sum;
}

void run(IntModel model) {
  if (cost(model) > 10'000'000 || model.memory.arena_bytes > 64'000'000) return;
  quern::Interpreter interpreter(std::move(model));
  const IntModel& network = interpreter.model();
  std::vector<std::vector<std::uint8_t>> memory;
  const auto buffer = [&](quern::TensorIndex index) {
    const quern::IntTensor& tensor = network.tensors[static_cast<std::size_t>(index)];
    const std::int64_t element_bytes = tensor.bits == 32 ? 4 : 1;
    memory.emplace_back(static_cast<std::size_t>(elements_of(tensor) * element_bytes), 1);
    return quern::buffer_for(tensor, memory.back().data());
  };
  std::vector<quern::IntBuffer> inputs, outputs;
  for (const quern::IntInput& input : network.inputs) inputs.push_back(buffer(input.tensor));
  for (const quern::TensorIndex output : network.outputs) outputs.push_back(buffer(output));
  const quern::RunStatus status = interpreter.run(inputs, outputs);
  quern::ensure(status.ok, "a network that was loaded does not run: {}", status.message);
}

void expect_blame_or_run(std::span<const std::byte> file) {
  try {
    run(quern::from_bytes(file, "fuzz"));
  } catch (const quern::Error& error) {
    if (error.code() != quern::ErrorCode::kParse) throw;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  expect_blame_or_run(bytes);
  expect_blame_or_run(quern::internal::seal(bytes));
  return 0;
}
