#include "quern/engine/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "quern/base/error.h"
#include "quern/engine/check.h"
#include "quern/engine/internal/kernel_call.h"
#include "quern/engine/kernel_args.h"
#include "quern/engine/memory_plan.h"

namespace quern {
namespace {

template <class... Args>
RunStatus refuse(fmt::format_string<Args...> message, Args&&... args) {
  RunStatus status{.ok = false};
  // Cut where it is too long: a run allocates nothing.
  const auto end = fmt::format_to_n(status.message, sizeof(status.message) - 1, message,
                                    std::forward<Args>(args)...);
  *end.out = '\0';
  return status;
}

RunStatus check_buffer(const IntBuffer& given, const IntTensor& tensor) {
  const IntBuffer wanted = buffer_for(tensor, nullptr);
  if (given.data == nullptr) return refuse("tensor '{}' has no data", tensor.name);
  if (given.height != wanted.height || given.width != wanted.width ||
      given.channels != wanted.channels) {
    return refuse("tensor '{}' is {}x{}x{}, expected {}x{}x{}", tensor.name, given.height,
                  given.width, given.channels, wanted.height, wanted.width, wanted.channels);
  }
  if (given.element_bytes != wanted.element_bytes) {
    return refuse("an element of tensor '{}' has {} bytes, expected {}", tensor.name,
                  given.element_bytes, wanted.element_bytes);
  }
  return {};
}

/// Calls `at(pixel, element)` for every pixel of a tensor: where it lies in the arena, and the
/// position of its first element in a caller's buffer.
template <class At>
void for_each_pixel(const QuernTensor& layout, At&& at) {
  std::size_t element = 0;
  for (std::int32_t y = 0; y < layout.height; ++y) {
    for (std::int32_t x = 0; x < layout.width; ++x) {
      at(quern_row(&layout, y) + x * layout.pixel_bytes, element);
      element += static_cast<std::size_t>(layout.channels);
    }
  }
}

RunStatus copy_in(const IntBuffer& from, const IntTensor& tensor, const QuernTensor& layout,
                  std::uint8_t* to) {
  const auto* codes = static_cast<const std::uint8_t*>(from.data);
  if (tensor.bits < 8) {
    const std::size_t count = static_cast<std::size_t>(tensor.height) *
                              static_cast<std::size_t>(tensor.width) *
                              static_cast<std::size_t>(tensor.channels);
    const auto* wrong = std::find_if(codes, codes + count,
                                     [&](std::uint8_t code) { return code >> tensor.bits != 0; });
    if (wrong != codes + count) {
      return refuse("element {} of tensor '{}' is {}, expected a code of {} bits", wrong - codes,
                    tensor.name, *wrong, tensor.bits);
    }
  }
  for_each_pixel(layout, [&](std::int32_t pixel, std::size_t element) {
    for (std::int32_t c = 0; c < layout.channels; ++c) {
      quern_store(to + pixel, c, layout.bits, codes[element + static_cast<std::size_t>(c)]);
    }
  });
  return {};
}

void copy_out(const std::uint8_t* from, const QuernTensor& layout, const IntBuffer& to) {
  auto* bytes = static_cast<std::uint8_t*>(to.data);
  for_each_pixel(layout, [&](std::int32_t pixel, std::size_t element) {
    if (layout.bits == 32) {
      std::memcpy(bytes + 4 * element, from + pixel, 4 * static_cast<std::size_t>(layout.channels));
      return;
    }
    for (std::int32_t c = 0; c < layout.channels; ++c) {
      bytes[element + static_cast<std::size_t>(c)] =
          static_cast<std::uint8_t>(quern_load(from + pixel, c, layout.bits));
    }
  });
}

}  // namespace

struct Interpreter::State {
  IntModel model;
  std::vector<internal::KernelCall> calls;  ///< Per op.
  std::vector<std::uint8_t> arena;

  std::uint8_t* place(TensorIndex tensor) {
    return arena.data() + model.memory.tensors[static_cast<std::size_t>(tensor)].offset;
  }

  RunStatus load(std::span<const IntBuffer> inputs, std::span<const IntBuffer> outputs) noexcept {
    if (inputs.size() != model.inputs.size() || outputs.size() != model.outputs.size()) {
      return refuse("{} inputs and {} outputs are given, expected {} and {}", inputs.size(),
                    outputs.size(), model.inputs.size(), model.outputs.size());
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto tensor = static_cast<std::size_t>(model.outputs[i]);
      const RunStatus status = check_buffer(outputs[i], model.tensors[tensor]);
      if (!status.ok) return status;
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorIndex index = model.inputs[i].tensor;
      const IntTensor& tensor = model.tensors[static_cast<std::size_t>(index)];
      RunStatus status = check_buffer(inputs[i], tensor);
      if (status.ok) {
        status = copy_in(inputs[i], tensor, tensor_args(model, index), place(index));
      }
      if (!status.ok) return status;
    }
    return {};
  }

  void execute(const IntStep& step) noexcept {
    calls[static_cast<std::size_t>(step.op)].run(arena.data(), step.row_begin, step.row_end);
  }

  void store(std::span<const IntBuffer> outputs) noexcept {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const TensorIndex index = model.outputs[i];
      copy_out(place(index), tensor_args(model, index), outputs[i]);
    }
  }
};

Interpreter::Interpreter(IntModel model) : state_(std::make_unique<State>()) {
  check(model);
  state_->model = std::move(model);
  for (const IntOp& op : state_->model.ops) {
    state_->calls.push_back(internal::make_call(state_->model, op));
  }
  const auto bytes = static_cast<std::size_t>(state_->model.memory.arena_bytes);
  try {
    state_->arena.resize(bytes);
  } catch (const std::bad_alloc&) {
    fail(ErrorCode::kUnsupported, "the network needs an arena of {} bytes, more than there is",
         bytes);
  }
}

Interpreter::~Interpreter() = default;
Interpreter::Interpreter(Interpreter&&) noexcept = default;
Interpreter& Interpreter::operator=(Interpreter&&) noexcept = default;

const IntModel& Interpreter::model() const { return state_->model; }

RunStatus Interpreter::run(std::span<const IntBuffer> inputs,
                           std::span<const IntBuffer> outputs) noexcept {
  const RunStatus status = state_->load(inputs, outputs);
  if (!status.ok) return status;
  for (const IntStep& step : state_->model.schedule) state_->execute(step);
  state_->store(outputs);
  return {};
}

RunStatus Interpreter::run(std::span<const IntBuffer> inputs, std::span<const IntBuffer> outputs,
                           const std::function<void(const StepResult&)>& tap) {
  const RunStatus status = state_->load(inputs, outputs);
  if (!status.ok) return status;
  for (const IntStep& step : state_->model.schedule) {
    state_->execute(step);
    const TensorIndex output = state_->model.ops[static_cast<std::size_t>(step.op)].output;
    tap({step.op, step.row_begin, step.row_end, tensor_args(state_->model, output),
         state_->place(output)});
  }
  state_->store(outputs);
  return {};
}

IntBuffer buffer_for(const IntTensor& tensor, void* data) {
  return {data, tensor.height, tensor.width, tensor.channels, tensor.bits == 32 ? 4 : 1};
}

std::vector<std::int32_t> elements(const StepResult& result) {
  const QuernTensor& layout = result.layout;
  std::vector<std::int32_t> values;
  for (std::int32_t y = result.row_begin; y < result.row_end; ++y) {
    for (std::int32_t x = 0; x < layout.width; ++x) {
      const std::uint8_t* pixel = result.data + quern_row(&layout, y) + x * layout.pixel_bytes;
      for (std::int32_t c = 0; c < layout.channels; ++c) {
        std::int32_t value = 0;
        if (layout.bits == 32) {
          std::memcpy(&value, pixel + 4 * c, 4);
        } else {
          value = quern_load(pixel, c, layout.bits);
        }
        values.push_back(value);
      }
    }
  }
  return values;
}

}  // namespace quern
