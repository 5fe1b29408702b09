#include "quern/calibrate/internal/abs_kernels.h"

#include <cstring>

#include "quern/base/error.h"
#include "quern/base/isa.h"

namespace quern {
namespace {

[[gnu::always_inline]] inline std::uint32_t body(const float* x, std::int64_t count) {
  std::uint32_t largest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    bits &= 0x7FFFFFFF;
    largest = bits > largest ? bits : largest;
  }
  return largest;
}

std::uint32_t portable(const float* x, std::int64_t count) { return body(x, count); }

#if defined(__x86_64__)
[[gnu::target("avx2")]] std::uint32_t avx2(const float* x, std::int64_t count) {
  return body(x, count);
}

[[gnu::target("avx512f,prefer-vector-width=512")]] std::uint32_t avx512(const float* x,
                                                                        std::int64_t count) {
  return body(x, count);
}
#endif

using Kernel = std::uint32_t (*)(const float*, std::int64_t);

Kernel kernel(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx2) return avx2;
  if (isa == Isa::kAvx512) return avx512;
#endif
  (void)isa;
  return portable;
}

}  // namespace

std::uint32_t max_abs_bits(const float* x, std::int64_t count) {
  static const Kernel kKernel = kernel(active_isa());
  return kKernel(x, count);
}

void check_is_number(std::uint32_t bits) {
  if (bits > kInfinityBits) fail(ErrorCode::kParse, "a value is not a number");
}

}  // namespace quern
