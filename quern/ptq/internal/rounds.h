#pragma once

#include <cstddef>
#include <functional>

namespace quern::internal {

/// Rounds of work on the same threads (0: one a core): in each, `work(lane, round)` for all kLanes
/// lanes side by side, then `finish(round)` alone.
/// @throws the first error, after all threads have stopped.
void for_each_round(std::size_t rounds, int threads,
                    const std::function<void(std::size_t lane, std::size_t round)>& work,
                    const std::function<void(std::size_t round)>& finish);

}  // namespace quern::internal
