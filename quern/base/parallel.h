#pragma once

#include <cstddef>
#include <functional>

namespace quern {

/// How many sums are kept side by side where threads share one: a fixed number, so that the order
/// in which terms are added does not depend on the number of threads.
inline constexpr std::size_t kLanes = 4;

/// Runs `work(lane, index)` for all indices below `count`, on `threads` threads (0: all cores) of
/// which one is the calling one. An index belongs to lane index mod kLanes; the work of a lane runs
/// in order, so that what it adds up by lane is the same for any number of threads.
/// @throws what the lowest failing index threw, after all threads have stopped.
void for_each_lane(std::size_t count, int threads,
                   const std::function<void(std::size_t lane, std::size_t index)>& work);

/// Runs `work(index)` for all indices below `count`, in any order, on `threads` threads (0: all
/// cores) of which one is the calling one. For work whose result does not depend on its order.
/// @throws what the lowest failing index threw, after all threads have stopped; indices behind a
///         failure may not have run.
void for_each_index(std::size_t count, int threads,
                    const std::function<void(std::size_t index)>& work);

}  // namespace quern
