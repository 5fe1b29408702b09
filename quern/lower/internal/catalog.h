#pragma once

#include <string>
#include <string_view>

#include "quern/lower/internal/lowering.h"

namespace quern::internal {

/// Lowers one node: says what its output has become.
using LowerOp = void (*)(Lowering&, const Node&);

/// Null for an op that has no integer form.
LowerOp find_lowering(std::string_view op);

/// What to do about an op that has no integer form: "a Clip can be lowered".
std::string alternative_to(std::string_view op);

/// Lets a readout's output be its input, with a note; false where the network goes on from it.
bool leave_out_readout(Lowering& lowering, const Node& node);

// quern/lower/internal/ops/<family>.cpp
void lower_add(Lowering& lowering, const Node& node);
void lower_affine(Lowering& lowering, const Node& node);
void lower_average_pool(Lowering& lowering, const Node& node);
void lower_batch_normalization(Lowering& lowering, const Node& node);
void lower_clip(Lowering& lowering, const Node& node);
void lower_concat(Lowering& lowering, const Node& node);
void lower_conv(Lowering& lowering, const Node& node);
void lower_function(Lowering& lowering, const Node& node);
void lower_gemm(Lowering& lowering, const Node& node);
void lower_global_pool(Lowering& lowering, const Node& node);
void lower_matmul(Lowering& lowering, const Node& node);
void lower_max_pool(Lowering& lowering, const Node& node);
void lower_pad(Lowering& lowering, const Node& node);
void lower_quant(Lowering& lowering, const Node& node);
void lower_readout(Lowering& lowering, const Node& node);
void lower_reshape(Lowering& lowering, const Node& node);
void lower_resize(Lowering& lowering, const Node& node);
void lower_transpose(Lowering& lowering, const Node& node);

}  // namespace quern::internal
