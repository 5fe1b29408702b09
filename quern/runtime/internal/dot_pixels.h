#include "quern/runtime/internal/field.h"

/// Two pixels by two channels: x holds turns of two inputs of the first pixel and two of the
/// second; sums are [pixel][channel].
static void dot_two_pixels(const int16_t* x, const uint32_t* w, int32_t words, int32_t* sums) {
  int32_t a0 = 0, a1 = 0, b0 = 0, b1 = 0;
  for (; words > 0; --words) {
    const uint32_t word = *w++;
    for (int32_t shift = 0; shift < 16; shift += 2 * kBits) {
      const int32_t even0 = field(word, shift), even1 = field(word, shift + kBits);
      const int32_t odd0 = field(word, shift + 16), odd1 = field(word, shift + 16 + kBits);
      a0 += x[0] * even0 + x[1] * odd0;
      a1 += x[0] * even1 + x[1] * odd1;
      b0 += x[2] * even0 + x[3] * odd0;
      b1 += x[2] * even1 + x[3] * odd1;
      x += 4;
    }
  }
  sums[0] = a0;
  sums[1] = a1;
  sums[2] = b0;
  sums[3] = b1;
}

/// One pixel by two channels: x holds the inputs in order.
static void dot_one_pixel(const int16_t* x, const uint32_t* w, int32_t words, int32_t* sums) {
  int32_t a0 = 0, a1 = 0;
  for (; words > 0; --words) {
    const uint32_t word = *w++;
    for (int32_t shift = 0; shift < 16; shift += 2 * kBits) {
      a0 += x[0] * field(word, shift) + x[1] * field(word, shift + 16);
      a1 += x[0] * field(word, shift + kBits) + x[1] * field(word, shift + 16 + kBits);
      x += 2;
    }
  }
  sums[0] = a0;
  sums[1] = a1;
}
