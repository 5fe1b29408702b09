#pragma once

#include <cstddef>
#include <cstdint>

#include "quern/engine/int_model.h"
#include "quern/runtime/conv.h"
#include "quern/runtime/elementwise.h"
#include "quern/runtime/move.h"
#include "quern/runtime/pool.h"

namespace quern {

// What the kernels of an op read, in the runtime's own structs, for whoever calls kernels: the
// interpreter and generated code. They point into the model, which must outlive them, and describe
// tensors as its memory plan places them. The model has passed check; the op is of the kind named.

/// A tensor in the arena; tightly packed as long as the model has no memory plan.
QuernTensor tensor_args(const IntModel& model, TensorIndex tensor);

QuernConv conv_args(const IntModel& model, const IntOp& op);
QuernPool max_pool_args(const IntModel& model, const IntOp& op);
QuernPool average_pool_args(const IntModel& model, const IntOp& op);
QuernAdd add_args(const IntModel& model, const IntOp& op);
QuernAffine affine_args(const IntModel& model, const IntOp& op);
QuernLookup lookup_args(const IntModel& model, const IntOp& op);
/// The part that the input at `position` contributes.
QuernConcat concat_args(const IntModel& model, const IntOp& op, std::size_t position);
QuernPad pad_args(const IntModel& model, const IntOp& op);
QuernResize resize_args(const IntModel& model, const IntOp& op);

/// Whether a convolution has as many groups as channels, which has kernels of its own.
bool is_depthwise(const IntModel& model, const IntOp& op);

/// Bytes of scratch memory that the kernel of an op needs; 0 for all but convolutions.
std::int64_t scratch_bytes(const IntModel& model, const IntOp& op);

}  // namespace quern
