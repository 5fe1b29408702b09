#include "quern/exporters/internal/c_golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/engine/interpreter.h"
#include "quern/exporters/internal/c_text.h"

namespace quern::internal {
namespace {

/// Inputs and outputs of a run, as the interpreter takes them.
struct Run {
  std::vector<std::vector<std::uint8_t>> inputs, outputs;
  std::vector<IntBuffer> given, wanted;
};

std::size_t element_count(const IntTensor& tensor) {
  return static_cast<std::size_t>(tensor.height) * static_cast<std::size_t>(tensor.width) *
         static_cast<std::size_t>(tensor.channels);
}

const IntTensor& tensor_of(const IntModel& model, const IntInput& input) {
  return model.tensors[static_cast<std::size_t>(input.tensor)];
}

std::vector<std::vector<std::uint8_t>> random_inputs(const IntModel& model) {
  Random random(1);
  std::vector<std::vector<std::uint8_t>> inputs;
  for (const IntInput& input : model.inputs) {
    const IntTensor& tensor = tensor_of(model, input);
    for (std::uint8_t& code : inputs.emplace_back(element_count(tensor))) {
      code = static_cast<std::uint8_t>(random.integer(0, (1 << tensor.bits) - 1));
    }
  }
  return inputs;
}

void check_inputs(const IntModel& model, const std::vector<std::vector<std::uint8_t>>& inputs) {
  require(inputs.size() == model.inputs.size(), "golden codes of {} inputs, the network has {}",
          inputs.size(), model.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const IntTensor& tensor = tensor_of(model, model.inputs[i]);
    require(inputs[i].size() == element_count(tensor),
            "{} golden codes, the input '{}' takes {} x {} x {}", inputs[i].size(), tensor.name,
            tensor.height, tensor.width, tensor.channels);
    const std::uint8_t largest = std::ranges::max(inputs[i]);
    require(largest >> tensor.bits == 0, "a golden code of {}, the input '{}' has {} bits", largest,
            tensor.name, tensor.bits);
  }
}

Run run_of(const IntModel& model, std::vector<std::vector<std::uint8_t>> inputs) {
  Run run{.inputs = std::move(inputs), .outputs = {}, .given = {}, .wanted = {}};
  for (std::size_t i = 0; i < run.inputs.size(); ++i) {
    run.given.push_back(buffer_for(tensor_of(model, model.inputs[i]), run.inputs[i].data()));
  }
  for (const TensorIndex output : model.outputs) {
    const IntTensor& tensor = model.tensors[static_cast<std::size_t>(output)];
    std::vector<std::uint8_t>& bytes =
        run.outputs.emplace_back(element_count(tensor) * (tensor.bits == 32 ? 4 : 1));
    run.wanted.push_back(buffer_for(tensor, bytes.data()));
  }
  Interpreter interpreter(model);
  const RunStatus status = interpreter.run(run.given, run.wanted);
  ensure(status.ok, "{}", status.message);
  return run;
}

std::vector<std::int32_t> integers(const std::vector<std::uint8_t>& bytes, int element_bytes) {
  if (element_bytes == 1) return {bytes.begin(), bytes.end()};
  std::vector<std::int32_t> values(bytes.size() / sizeof(std::int32_t));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// `model_golden_inputs` of all `model_golden_input_0` ….
std::string table(const char* type, const std::string& name, const char* size, std::size_t count) {
  std::string text = fmt::format("static const {}* const {}s[{}] = {{\n", type, name, size);
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("    {}_{},\n", name, i);
  return text + "};\n";
}

}  // namespace

std::string golden_header(const IntModel& model,
                          const std::vector<std::vector<std::uint8_t>>& inputs) {
  if (!inputs.empty()) check_inputs(model, inputs);
  const Run run = run_of(model, inputs.empty() ? random_inputs(model) : inputs);
  std::string text =
      "#ifndef MODEL_GOLDEN_H\n#define MODEL_GOLDEN_H\n\n"
      "// Inputs, and what quern's engine answers to them.\n\n#include \"model.h\"\n\n";
  for (std::size_t i = 0; i < run.inputs.size(); ++i) {
    text += fmt::format("static const uint8_t model_golden_input_{}[] = {{\n{}}};\n", i,
                        list(run.inputs[i]));
  }
  text += table("uint8_t", "model_golden_input", "MODEL_INPUTS", run.inputs.size());
  for (std::size_t i = 0; i < run.outputs.size(); ++i) {
    text += fmt::format("\nstatic const int32_t model_golden_output_{}[] = {{\n{}}};\n", i,
                        list(integers(run.outputs[i], run.wanted[i].element_bytes)));
  }
  text += table("int32_t", "model_golden_output", "MODEL_OUTPUTS", run.outputs.size());
  return text + "\n#endif\n";
}

}  // namespace quern::internal
