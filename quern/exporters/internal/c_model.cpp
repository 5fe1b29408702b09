#include "quern/exporters/internal/c_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "quern/engine/kernel_args.h"
#include "quern/exporters/internal/c_kernels.h"
#include "quern/exporters/internal/c_ops.h"
#include "quern/exporters/internal/c_text.h"

namespace quern::internal {
namespace {

constexpr const char* kHeaderBegin = R"(#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

// A network of integers, written by quern: C99 without heap, floats or recursion.

#include "quern/runtime/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

)";

constexpr const char* kHeaderEnd = R"(
/// An input or output in the arena. Its elements lie as [height][width][channels]: those of a pixel
/// side by side, row y from `offset` + quern_row(&layout, y) on, a pixel every layout.pixel_bytes.
/// Codes of 8 bits are bytes; quern_store and model_element know all widths.
typedef struct {
  QuernTensor layout;
  int32_t offset;  ///< From the start of the arena.
} ModelTensor;

extern const ModelTensor model_inputs[MODEL_INPUTS];
extern const ModelTensor model_outputs[MODEL_OUTPUTS];

/// An element of a pixel: a code, or of 32 bits a signed integer.
static inline int32_t model_element(const uint8_t* pixel, int32_t channel, int32_t bits) {
  int32_t element;
  if (bits != 32) return quern_load(pixel, channel, bits);
  memcpy(&element, pixel + 4 * channel, 4);
  return element;
}

/// Computes the outputs from the inputs, which it may overwrite. `arena` has MODEL_ARENA_BYTES and
/// is aligned to 4; they hold nothing between runs. Returns 0, or 1 where it is not aligned.
int model_run(void* arena);

#ifdef MODEL_TAP
/// A function of yours, called after every step: what op `op` computes, of which rows row_begin to
/// row_end - 1 are new. Row y lies at data + quern_row(layout, y).
void MODEL_TAP(int32_t op, const QuernTensor* layout, const uint8_t* data, int32_t row_begin,
               int32_t row_end);
#endif

#ifdef __cplusplus
}
#endif

#endif
)";

constexpr const char* kSourceBegin = R"(#include "model.h"

@includes@
/// How the numbers of the network are declared; where they lie may be added.
#ifndef MODEL_CONSTANT
#define MODEL_CONSTANT static const
#endif

)";

constexpr const char* kSourceEnd = R"(/// Rows row_begin to row_end - 1 of an op's output.
typedef struct {
  int32_t op, row_begin, row_end;
} Step;

static const Step schedule[] = {
@schedule@};

#ifdef MODEL_TAP
#define TAP(op, layout, data) MODEL_TAP(op, layout, data, begin, end);
#else
#define TAP(op, layout, data)
#endif

static void run_op(uint8_t* arena, int32_t op, int32_t begin, int32_t end) {
  switch (op) {
@cases@    default:
      break;
  }
}

int model_run(void* arena) {
  if (((uintptr_t)arena & 3) != 0) return 1;
  for (size_t i = 0; i < sizeof(schedule) / sizeof(schedule[0]); ++i) {
    run_op((uint8_t*)arena, schedule[i].op, schedule[i].row_begin, schedule[i].row_end);
  }
  return 0;
}
)";

std::string replaced(std::string text, const std::string& name, const std::string& by) {
  text.replace(text.find(name), name.size(), by);
  return text;
}

std::vector<TensorIndex> inputs_of(const IntModel& model) {
  std::vector<TensorIndex> inputs;
  for (const IntInput& input : model.inputs) inputs.push_back(input.tensor);
  return inputs;
}

/// What the elements of an input or output mean, as macros: numbers that the network never reads.
std::string meaning(const std::string& name, const IntTensor& tensor) {
  std::string text = fmt::format("#define {}_ZERO_POINT {}\n", name, tensor.zero_point);
  if (tensor.scale.size() == 1) {
    return text + fmt::format("#define {}_SCALE {:.9g}\n", name, tensor.scale[0]);
  }
  return text + fmt::format("#define {}_SCALES {{{:.9g}}}\n", name, fmt::join(tensor.scale, ", "));
}

std::string header(const IntModel& model, std::int64_t constant_bytes) {
  std::string text = kHeaderBegin;
  text += fmt::format(
      "/// Bytes that a run writes, and of the numbers that it reads.\n"
      "#define MODEL_ARENA_BYTES {}\n#define MODEL_CONSTANT_BYTES {}\n\n"
      "#define MODEL_OPS {}\n#define MODEL_INPUTS {}\n#define MODEL_OUTPUTS {}\n\n",
      model.memory.arena_bytes, constant_bytes, model.ops.size(), model.inputs.size(),
      model.outputs.size());
  text += "// An element u means the real value (u - zero point) * scale.\n";
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    const IntInput& input = model.inputs[i];
    if (input.kind == InputKind::kPixels) {
      text += fmt::format("// Input {} takes pixels 0 to 255, {} first.\n", i,
                          input.bgr ? "blue" : "red");
    }
    text += meaning(fmt::format("MODEL_INPUT_{}", i),
                    model.tensors[static_cast<std::size_t>(input.tensor)]);
  }
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    text += meaning(fmt::format("MODEL_OUTPUT_{}", i),
                    model.tensors[static_cast<std::size_t>(model.outputs[i])]);
  }
  return text + kHeaderEnd;
}

/// The definition of model_inputs or model_outputs.
std::string places(const IntModel& model, const char* name, const std::vector<TensorIndex>& of) {
  std::string text = fmt::format("const ModelTensor {} = {{\n", name);
  for (const TensorIndex tensor : of) {
    text += fmt::format("    {{{}, {}}},\n", initializer(tensor_args(model, tensor)),
                        model.memory.tensors[static_cast<std::size_t>(tensor)].offset);
  }
  return text + "};\n\n";
}

}  // namespace

CModel c_model(const IntModel& model) {
  const COps ops = c_ops(model);
  std::string includes, schedule;
  for (const std::string& path : kernel_headers(model)) {
    includes += fmt::format("#include \"{}\"\n", path);
  }
  for (const IntStep& step : model.schedule) {
    schedule += fmt::format("    {{{}, {}, {}}},\n", step.op, step.row_begin, step.row_end);
  }
  std::string source = replaced(kSourceBegin, "@includes@", includes);
  source += places(model, "model_inputs[MODEL_INPUTS]", inputs_of(model));
  source += places(model, "model_outputs[MODEL_OUTPUTS]", model.outputs);
  source += ops.constants;
  source += replaced(replaced(kSourceEnd, "@schedule@", schedule), "@cases@", ops.cases);
  return {header(model, ops.constant_bytes), source};
}

}  // namespace quern::internal
