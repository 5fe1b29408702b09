#include "quern/exporters/internal/c_golden.h"

#include <fmt/format.h>

#include <cstring>

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

Run random_run(const IntModel& model) {
  Random random(1);
  Run run;
  for (const IntInput& input : model.inputs) {
    const IntTensor& tensor = model.tensors[static_cast<std::size_t>(input.tensor)];
    std::vector<std::uint8_t>& codes = run.inputs.emplace_back(element_count(tensor));
    for (std::uint8_t& code : codes) {
      code = static_cast<std::uint8_t>(random.integer(0, (1 << tensor.bits) - 1));
    }
    run.given.push_back(buffer_for(tensor, codes.data()));
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

/// `golden_inputs` of all `golden_input_0` ….
std::string table(const char* type, const std::string& name, const char* size, std::size_t count) {
  std::string text = fmt::format("static const {}* const {}s[{}] = {{\n", type, name, size);
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("    {}_{},\n", name, i);
  return text + "};\n";
}

}  // namespace

std::string golden_header(const IntModel& model) {
  const Run run = random_run(model);
  std::string text =
      "#ifndef QUERN_GOLDEN_H\n#define QUERN_GOLDEN_H\n\n"
      "// Random inputs, and what quern's engine answers to them.\n\n#include \"model.h\"\n\n";
  for (std::size_t i = 0; i < run.inputs.size(); ++i) {
    text +=
        fmt::format("static const uint8_t golden_input_{}[] = {{\n{}}};\n", i, list(run.inputs[i]));
  }
  text += table("uint8_t", "golden_input", "MODEL_INPUTS", run.inputs.size());
  for (std::size_t i = 0; i < run.outputs.size(); ++i) {
    text += fmt::format("\nstatic const int32_t golden_output_{}[] = {{\n{}}};\n", i,
                        list(integers(run.outputs[i], run.wanted[i].element_bytes)));
  }
  text += table("int32_t", "golden_output", "MODEL_OUTPUTS", run.outputs.size());
  return text + "\n#endif\n";
}

}  // namespace quern::internal
