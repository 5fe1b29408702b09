#include "quern/base/parallel.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

namespace quern {
namespace {

struct Failure {
  std::size_t index = std::numeric_limits<std::size_t>::max();
  std::exception_ptr error;
};

std::size_t thread_count(int threads) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return threads > 0 ? static_cast<std::size_t>(threads) : cores;
}

}  // namespace

void for_each_lane(std::size_t count, int threads,
                   const std::function<void(std::size_t lane, std::size_t index)>& work) {
  std::atomic<std::size_t> next = 0;
  std::array<Failure, kLanes> failures;
  const auto run = [&] {
    for (std::size_t lane = next++; lane < kLanes; lane = next++) {
      std::size_t index = lane;
      try {
        for (; index < count; index += kLanes) work(lane, index);
      } catch (...) {
        failures[lane] = {index, std::current_exception()};
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(kLanes, thread_count(threads)); ++i)
      others.emplace_back(run);
    run();
  }
  const Failure& first = *std::ranges::min_element(failures, {}, &Failure::index);
  if (first.error) std::rethrow_exception(first.error);
}

void for_each_index(std::size_t count, int threads,
                    const std::function<void(std::size_t index)>& work) {
  std::atomic<std::size_t> next = 0;
  // Indices are taken in order, so all below a failing one are running or done.
  std::atomic<bool> has_failed = false;
  std::mutex mutex;
  Failure first;
  const auto run = [&] {
    while (!has_failed) {
      const std::size_t index = next++;
      if (index >= count) return;
      try {
        work(index);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (index < first.index) first = {index, std::current_exception()};
        has_failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(count, thread_count(threads)); ++i) {
      others.emplace_back(run);
    }
    run();
  }
  if (first.error) std::rethrow_exception(first.error);
}

}  // namespace quern
