#include "quern/ptq/internal/rounds.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <exception>
#include <mutex>
#include <thread>

#include "quern/base/parallel.h"

namespace quern::internal {

void for_each_round(std::size_t rounds, int threads,
                    const std::function<void(std::size_t lane, std::size_t round)>& work,
                    const std::function<void(std::size_t round)>& finish) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t count =
      std::min(kLanes, threads > 0 ? static_cast<std::size_t>(threads) : cores);
  std::mutex mutex;
  std::exception_ptr error;
  std::atomic<bool> failed = false;
  const auto guarded = [&](const auto& body) {
    if (failed) return;
    try {
      body();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      failed = true;
    }
  };
  std::size_t round = 0;
  std::barrier barrier(static_cast<std::ptrdiff_t>(count), [&]() noexcept {
    guarded([&] { finish(round); });
    ++round;
  });
  const auto run = [&](std::size_t thread) {
    for (std::size_t own = 0; own < rounds; ++own) {
      guarded([&] {
        for (std::size_t lane = thread; lane < kLanes; lane += count) work(lane, own);
      });
      barrier.arrive_and_wait();
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < count; ++i) others.emplace_back(run, i);
    run(0);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace quern::internal
