#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>
#include <vector>

namespace quern {

/// Calls work(piece) for all pieces below `count` on LibTorch's threads. Each takes the next piece
/// when it is done with one, so that a thread which has to share its core holds up no other; what
/// follows from a piece must not depend on the order.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work);

/// The sums of [pieces, length] floats over the pieces, in their order.
std::vector<double> sum_over_pieces(const float* values, std::int64_t pieces, std::int64_t length);

/// Sums of columns that stand for `channels`, which repeat along every `period` of them, added up.
std::vector<double> sum_over_repeats(const std::vector<double>& columns, std::int64_t period,
                                     std::int64_t channels);

}  // namespace quern
