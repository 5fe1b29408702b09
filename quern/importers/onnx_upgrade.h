// Older and newer forms of ONNX operators, rewritten to the form of kOpset.
#pragma once

#include <cstdint>

#include "quern/graph/graph.h"

namespace quern {

/// Oldest operator set that is read.
inline constexpr std::int64_t kOldestOpset = 7;
/// Newest operator set whose changes are known; files of a newer one are read as if they were of
/// this one.
inline constexpr std::int64_t kNewestOpset = 28;

/// Rewrites every node from the form that `opset` prescribes to that of kOpset: attributes that
/// became inputs or the other way round, renamed ops, changed defaults. Keeps the arithmetic.
///
/// @throws Error(kUnsupported) naming layer and reason where kOpset has no equal form.
void upgrade(Graph& graph, std::int64_t opset);

/// The part that needs shapes: before opset 13 Softmax normalised over all axes from `axis` on.
/// @throws Error(kUnsupported) naming the layer where the rank is not known.
void upgrade_softmax(Graph& graph, std::int64_t opset);

}  // namespace quern
