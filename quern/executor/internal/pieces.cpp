#include "quern/executor/internal/pieces.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "quern/executor/internal/parallel_region.h"

namespace quern {

// Not by at::parallel_for, an inline function that runs on one thread wherever it is compiled
// without OpenMP.
void for_each_piece(std::int64_t count, c10::function_ref<void(std::int64_t)> work) {
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> has_failed = false;
  std::exception_ptr failure;
  const auto take = [&] {
    try {
      for (std::int64_t piece = next++; piece < count; piece = next++) work(piece);
    } catch (...) {
      if (!has_failed.exchange(true)) failure = std::current_exception();
    }
  };
  // Asking for the number also tells OpenMP, where this thread is a fresh one.
  if (at::get_num_threads() > 1 && count > 1) {
    parallel_region(take);
  } else {
    take();
  }
  if (failure) std::rethrow_exception(failure);
}

std::vector<double> sum_over_pieces(const float* values, std::int64_t pieces, std::int64_t length) {
  constexpr std::int64_t kBlock = 512;
  std::vector<double> sums(static_cast<std::size_t>(length));
  for_each_piece((length + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const std::int64_t first = block * kBlock;
    const std::int64_t count = std::min(kBlock, length - first);
    double* const own = sums.data() + first;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const float* const more = values + piece * length + first;
      for (std::int64_t i = 0; i < count; ++i) own[i] += more[i];
    }
  });
  return sums;
}

PieceSums::PieceSums(std::int64_t pieces, std::int64_t length)
    : pieces_(pieces), length_(length), sums_(at::empty({pieces, length}, at::kFloat)) {}

void PieceSums::set(std::int64_t piece, const float* sums) const {
  std::copy_n(sums, length_, sums_.mutable_data_ptr<float>() + piece * length_);
}

std::vector<double> PieceSums::add() const {
  return sum_over_pieces(sums_.const_data_ptr<float>(), pieces_, length_);
}

std::vector<double> sum_over_repeats(const std::vector<double>& columns, std::int64_t period,
                                     std::int64_t channels) {
  const auto length = static_cast<std::int64_t>(columns.size());
  std::vector<double> sums(static_cast<std::size_t>(length / period * channels));
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int64_t at = i / period * channels + i % period % channels;
    sums[static_cast<std::size_t>(at)] += columns[static_cast<std::size_t>(i)];
  }
  return sums;
}

}  // namespace quern
