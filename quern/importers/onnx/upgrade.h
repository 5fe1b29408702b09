// Older and newer forms of ONNX operators, rewritten to the form of kOpset.
#pragma once

#include <cstdint>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Oldest operator set that is read.
inline constexpr std::int64_t kOldestOpset = 7;
/// Newest operator set whose changes are known; files of a newer one are read as if they were of
/// this one.
inline constexpr std::int64_t kNewestOpset = 28;

/// Rewrites every node from the form that its operator set prescribes to that of kOpset: attributes
/// that became inputs or the other way round, renamed ops, changed defaults. Keeps the arithmetic.
/// Infers the shapes on the way, since some forms differ by them.
///
/// @param opsets  By NodeId; nodes beyond are of kOpset.
/// @throws Error(kUnsupported) naming layer and reason where kOpset has no equal form; errors of
///         infer_shapes.
void upgrade(Graph& graph, const std::vector<std::int64_t>& opsets);

}  // namespace quern
