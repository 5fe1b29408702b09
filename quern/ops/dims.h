#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "quern/graph/node.h"

namespace quern {

/// Arithmetic on extents of which some are free until a run. Products stop at the largest int64
/// instead of overflowing, so a hostile shape ends as an impossibly large one.

/// a · b for a, b ≥ 0.
std::int64_t saturating_multiply(std::int64_t a, std::int64_t b);

/// The product of the extents; 1 when there are none. A free extent makes it free, and keeps its
/// name only where all others are 1.
Dim product(std::span<const Dim> dims);

/// The number of elements, with each free extent counted as 1.
std::int64_t least_element_count(std::span<const Dim> dims);

/// The one extent of two that have to be equal, as exactly as either says it; none if they differ.
std::optional<Dim> unify(const Dim& a, const Dim& b);

/// ONNX's (numpy's) multidirectional broadcasting; none if the shapes do not go together. A free
/// extent beside one above 1 is taken to equal it.
std::optional<Dims> broadcast(const Dims& a, const Dims& b);

/// "[N, 3, 8, 8]", or "of unknown shape".
std::string to_string(const std::optional<Dims>& dims);

}  // namespace quern
