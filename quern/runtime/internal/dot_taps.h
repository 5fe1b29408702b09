#include "quern/runtime/internal/field.h"

/// One pixel by two channels of a depthwise convolution: tap k of the first channel is x[at[k]],
/// that of the second its neighbour.
static void dot_taps(const uint8_t* x, const int32_t* at, const uint32_t* w, int32_t words,
                     int32_t* sums) {
  int32_t a0 = 0, a1 = 0;
  for (; words > 0; --words) {
    const uint32_t word = *w++;
    for (int32_t shift = 0; shift < 16; shift += 2 * kBits) {
      const uint8_t *even = x + at[0], *odd = x + at[1];
      a0 += even[0] * field(word, shift) + odd[0] * field(word, shift + 16);
      a1 += even[1] * field(word, shift + kBits) + odd[1] * field(word, shift + 16 + kBits);
      at += 2;
    }
  }
  sums[0] = a0;
  sums[1] = a1;
}
