#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/runtime/tensor.h"

namespace quern {

/// Integers that a caller hands to a run or takes from it: [height, width, channels], channels
/// innermost. Codes, as stored, are one byte each whatever their bits; outputs of 32 bits are
/// int32.
struct IntBuffer {
  void* data = nullptr;
  std::int32_t height = 0;
  std::int32_t width = 0;
  std::int32_t channels = 0;
  std::int32_t element_bytes = 1;  ///< 1: uint8. 4: int32.
};

/// How a run ended. A failed run names what was found and what was expected.
struct RunStatus {
  bool ok = true;
  char message[200] = "";
};

/// What the kernels of a step wrote, while the arena still holds it.
struct StepResult {
  OpIndex op;
  std::int32_t row_begin, row_end;
  QuernTensor layout;
  const std::uint8_t* data;  ///< Row y at quern_row(&layout, y).
};

/// Runs an integer network with the kernels of quern/runtime. All memory is taken when it is made;
/// a run allocates nothing. One run at a time.
class Interpreter {
 public:
  /// @throws Error(kParse) unless the model passes `check`; Error(kUnsupported) without the memory
  ///         that its arena needs.
  explicit Interpreter(IntModel model);
  ~Interpreter();
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;

  const IntModel& model() const;

  /// Computes the outputs of one sample, in the order of the model's.
  RunStatus run(std::span<const IntBuffer> inputs, std::span<const IntBuffer> outputs) noexcept;

  /// The same, and calls `tap` after every step of the schedule.
  RunStatus run(std::span<const IntBuffer> inputs, std::span<const IntBuffer> outputs,
                const std::function<void(const StepResult&)>& tap);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A buffer of the shape and type that an input or output of the model needs.
IntBuffer buffer_for(const IntTensor& tensor, void* data);

/// The elements of rows row_begin to row_end − 1 of a step.
std::vector<std::int32_t> elements(const StepResult& result);

}  // namespace quern
