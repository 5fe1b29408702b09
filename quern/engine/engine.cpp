#include "quern/engine/engine.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/engine/interpreter.h"
#include "quern/engine/model_file.h"

struct QuernEngine {
  quern::Interpreter interpreter;
  // Filled before every run, never grown by one.
  std::vector<quern::IntBuffer> inputs;
  std::vector<quern::IntBuffer> outputs;
};

namespace {

QuernCode report(QuernMessage* message, QuernCode code, std::string_view sentence) noexcept {
  if (message != nullptr) {
    const std::size_t length = std::min(sentence.size(), sizeof(message->message) - 1);
    std::memcpy(message->message, sentence.data(), length);
    message->message[length] = '\0';
  }
  return code;
}

QuernCode code_of(quern::ErrorCode code) {
  switch (code) {
    case quern::ErrorCode::kIo:
      return kQuernIo;
    case quern::ErrorCode::kUnsupported:
      return kQuernNoMemory;
    default:
      return kQuernBadFile;
  }
}

/// Opens what `read` returns; no exception leaves it.
template <class Read>
QuernCode open(QuernEngine** engine, QuernMessage* message, Read&& read) noexcept {
  *engine = nullptr;
  try {
    quern::Interpreter interpreter(read());
    const std::size_t inputs = interpreter.model().inputs.size();
    const std::size_t outputs = interpreter.model().outputs.size();
    *engine = new QuernEngine{std::move(interpreter), std::vector<quern::IntBuffer>(inputs),
                              std::vector<quern::IntBuffer>(outputs)};
    return report(message, kQuernOk, "");
  } catch (const quern::Error& error) {
    return report(message, code_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return report(message, kQuernNoMemory, "there is not enough memory to load the network");
  } catch (const std::exception& error) {
    return report(message, kQuernBadFile, error.what());
  }
}

QuernTensorInfo info(const quern::IntTensor& tensor) {
  return {.name = tensor.name.c_str(),
          .type = tensor.bits == 32 ? kQuernInt32 : kQuernUint8,
          .height = tensor.height,
          .width = tensor.width,
          .channels = tensor.channels,
          .bits = tensor.bits,
          .zero_point = tensor.zero_point,
          .scale = tensor.scale.data(),
          .scales = static_cast<std::int32_t>(tensor.scale.size()),
          .is_pixels = 0,
          .is_bgr = 0};
}

quern::IntBuffer to_buffer(const QuernBuffer& buffer) {
  return {buffer.data, buffer.height, buffer.width, buffer.channels,
          buffer.type == kQuernInt32 ? 4 : 1};
}

}  // namespace

QuernCode quern_engine_open(const char* path, QuernEngine** engine, QuernMessage* message) {
  if (path == nullptr) {
    *engine = nullptr;
    return report(message, kQuernBadArgument, "no path is given");
  }
  return open(engine, message, [&] { return quern::read_model(path); });
}

QuernCode quern_engine_open_bytes(const void* bytes, size_t size, QuernEngine** engine,
                                  QuernMessage* message) {
  const std::span file(static_cast<const std::byte*>(bytes), size);
  return open(engine, message, [&] { return quern::from_bytes(file, "the network"); });
}

void quern_engine_close(QuernEngine* engine) { delete engine; }

size_t quern_engine_input_count(const QuernEngine* engine) { return engine->inputs.size(); }

size_t quern_engine_output_count(const QuernEngine* engine) { return engine->outputs.size(); }

QuernTensorInfo quern_engine_input(const QuernEngine* engine, size_t index) {
  const quern::IntModel& model = engine->interpreter.model();
  const quern::IntInput& input = model.inputs[index];
  QuernTensorInfo result = info(model.tensors[static_cast<std::size_t>(input.tensor)]);
  result.is_pixels = input.kind == quern::InputKind::kPixels;
  result.is_bgr = input.bgr;
  return result;
}

QuernTensorInfo quern_engine_output(const QuernEngine* engine, size_t index) {
  const quern::IntModel& model = engine->interpreter.model();
  return info(model.tensors[static_cast<std::size_t>(model.outputs[index])]);
}

QuernCode quern_engine_run(QuernEngine* engine, const QuernBuffer* inputs, size_t input_count,
                           const QuernBuffer* outputs, size_t output_count, QuernMessage* message) {
  if (input_count != engine->inputs.size() || output_count != engine->outputs.size()) {
    return report(message, kQuernBadArgument,
                  "the network has another number of inputs or outputs");
  }
  std::transform(inputs, inputs + input_count, engine->inputs.begin(), to_buffer);
  std::transform(outputs, outputs + output_count, engine->outputs.begin(), to_buffer);
  const quern::RunStatus status = engine->interpreter.run(engine->inputs, engine->outputs);
  if (!status.ok) return report(message, kQuernBadArgument, status.message);
  return report(message, kQuernOk, "");
}
