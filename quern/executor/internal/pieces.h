#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace quern {

/// Calls work(piece) for all pieces below `count` on LibTorch's threads. Each takes the next piece
/// when it is done with one, so that a thread which has to share its core holds up no other; what
/// follows from a piece must not depend on the order.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work);

}  // namespace quern
