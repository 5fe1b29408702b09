#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "quern/engine/kernel_args.h"

namespace quern::internal {

using ConvKernel = decltype(&quern_conv_w8);

/// An op bound to its kernel: what is left to say are the rows and where the arena lies.
struct KernelCall {
  struct Conv {
    ConvKernel kernel;
    QuernConv args;
    std::int64_t scratch;
  };
  struct MaxPool {
    QuernPool args;
  };
  struct AveragePool {
    QuernPool args;
  };
  struct Concat {
    std::vector<QuernConcat> parts;
  };

  std::vector<std::int64_t> inputs;  ///< Offsets in the arena.
  std::int64_t output = 0;
  std::variant<Conv, MaxPool, AveragePool, QuernAdd, QuernAffine, QuernLookup, Concat, QuernPad,
               QuernResize>
      kernel;

  void run(std::uint8_t* arena, std::int32_t row_begin, std::int32_t row_end) const noexcept;
};

/// Binds an op of a model that has passed `check` and outlives the call.
KernelCall make_call(const IntModel& model, const IntOp& op);

}  // namespace quern::internal
