#include "quern/executor/internal/chunks.h"

#include <algorithm>

#include "quern/executor/internal/pieces.h"
#include "quern/kernels/scratch.h"

namespace quern {
namespace {

/// A chunk of two tensors fits a core's second cache; sums of so few floats lose nothing.
constexpr std::int64_t kElements = 1 << 16;

}  // namespace

Chunks::Chunks(std::int64_t count, std::int64_t period)
    : count_(count),
      period_(period),
      length_(std::max<std::int64_t>(1, kElements / period) * period),
      chunks_((count + length_ - 1) / length_) {}

void Chunks::run(c10::function_ref<void(std::int64_t, std::int64_t, std::int64_t)> work) const {
  for_each_piece(chunks_, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * length_;
    work(chunk, first, std::min(length_, count_ - first));
  });
}

void Chunks::run_backwards(
    c10::function_ref<void(std::int64_t, std::int64_t, std::int64_t)> work) const {
  for_each_piece(chunks_, [&](std::int64_t piece) {
    const std::int64_t chunk = chunks_ - 1 - piece;
    const std::int64_t first = chunk * length_;
    work(chunk, first, std::min(length_, count_ - first));
  });
}

std::vector<double> Chunks::sum(
    std::int64_t lanes, std::int64_t channels,
    c10::function_ref<void(float*, std::int64_t, std::int64_t)> work) const {
  const PieceSums sums(chunks_, lanes);
  run_backwards([&](std::int64_t chunk, std::int64_t first, std::int64_t count) {
    Scratch own(lanes);
    work(own.data(), first, count);
    sums.set(chunk, own.data());
  });
  return sum_over_repeats(sums.add(), period_, channels);
}

}  // namespace quern
