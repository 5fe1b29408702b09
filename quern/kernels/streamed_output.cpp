#include "quern/kernels/streamed_output.h"

#include <algorithm>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quern {
namespace {

/// 16 MiB: about what a core's share of a last cache holds beside what is read meanwhile.
constexpr std::int64_t kKept = 1 << 22;

#if defined(__x86_64__)
/// Elements before the first that begins a cache line.
std::int64_t unaligned(const float* to, std::int64_t count) {
  constexpr std::uintptr_t kLine = 64;
  const auto behind = reinterpret_cast<std::uintptr_t>(to) % kLine / sizeof(float);
  return std::min<std::int64_t>(count, behind == 0 ? 0 : 16 - static_cast<std::int64_t>(behind));
}

[[gnu::target("avx2")]] void avx2(const float* from, float* to, std::int64_t count) {
  std::int64_t i = unaligned(to, count);
  std::copy_n(from, i, to);
  for (; i + 8 <= count; i += 8) _mm256_stream_ps(to + i, _mm256_loadu_ps(from + i));
  std::copy_n(from + i, count - i, to + i);
  _mm_sfence();  // Other threads read it next.
}

[[gnu::target("avx512f")]] void avx512(const float* from, float* to, std::int64_t count) {
  std::int64_t i = unaligned(to, count);
  std::copy_n(from, i, to);
  for (; i + 16 <= count; i += 16) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
  std::copy_n(from + i, count - i, to + i);
  _mm_sfence();
}
#endif

}  // namespace

StreamedOutput::StreamedOutput(float* memory, std::int64_t size, std::int64_t tile)
    : memory_(memory),
      is_direct_(memory != nullptr && size <= kKept),
      scratch_(is_direct_ ? 0 : tile) {}

void StreamedOutput::finish(std::int64_t first, std::int64_t count, Isa isa) const {
  if (is_direct_ || memory_ == nullptr) return;
  copy_past_caches(scratch_.data(), memory_ + first, count, isa);
}

void copy_past_caches(const float* from, float* to, std::int64_t count, Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return avx512(from, to, count);
  if (isa == Isa::kAvx2) return avx2(from, to, count);
#endif
  (void)isa;
  std::copy_n(from, count, to);
}

}  // namespace quern
