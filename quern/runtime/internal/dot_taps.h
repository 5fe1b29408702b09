#include "quern/runtime/internal/depthwise_rows.h"
#include "quern/runtime/internal/field.h"
#ifdef __ARM_FEATURE_DSP
#include "quern/runtime/internal/dual.h"
#endif

// STEP multiplies two taps of both channels with their weights.

#ifdef __ARM_FEATURE_DSP

#define QUERN_STEP_TAPS(shift)                                                       \
  {                                                                                  \
    const uint32_t taps = load_pair(x + at[0]) | load_pair(x + at[1]) << 16;         \
    a0 = add_products(a0, byte_halves(taps), field_halves(word, shift));             \
    a1 = add_products(a1, odd_byte_halves(taps), field_halves(word, shift + kBits)); \
    at += 2;                                                                         \
  }

#else

#define QUERN_STEP_TAPS(shift)                         \
  {                                                    \
    const uint8_t *even = x + at[0], *odd = x + at[1]; \
    a0 += even[0] * field(word, shift);                \
    a1 += even[1] * field(word, shift + kBits);        \
    a0 += odd[0] * field(word, shift + 16);            \
    a1 += odd[1] * field(word, shift + 16 + kBits);    \
    at += 2;                                           \
  }

#endif

/// One pixel by pairs of neighbouring channels: tap k of the first channel is x[offsets[k]].
static void dot_taps(const uint8_t* x, const int32_t* offsets, const uint32_t* w, int32_t words,
                     int32_t count, const int32_t* bias, int32_t* sums) {
  for (int32_t c = 0; c < count; c += 2) {
    const int32_t* at = offsets;
    int32_t a0 = bias[c], a1 = c + 1 < count ? bias[c + 1] : 0;
    for (int32_t i = words; i > 0; --i) {
      const uint32_t word = *w++;
      QUERN_STEPS(QUERN_STEP_TAPS)
    }
    sums[c] = a0;
    sums[c + 1] = a1;
    x += 2;
  }
}
