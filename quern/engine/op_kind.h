#pragma once

#include <array>
#include <string_view>
#include <variant>

#include "quern/engine/int_model.h"

namespace quern {

/// The words for the kinds of ops, in the order of IntOp::kind.
inline constexpr std::array<std::string_view, 9> kOpKinds = {
    "conv", "max_pool", "average_pool", "add", "affine", "lookup", "concat", "pad", "resize"};
static_assert(kOpKinds.size() == std::variant_size_v<decltype(IntOp::kind)>);

inline std::string_view kind_of(const IntOp& op) { return kOpKinds[op.kind.index()]; }

}  // namespace quern
