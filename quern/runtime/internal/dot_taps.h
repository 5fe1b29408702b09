#include "quern/runtime/internal/depthwise_rows.h"
#include "quern/runtime/internal/field.h"
#ifdef __ARM_FEATURE_DSP
#include "quern/runtime/internal/dual.h"
#endif

// STEP multiplies two taps of both channels with their weights, of one pixel or of two.

#ifdef __ARM_FEATURE_DSP

#define QUERN_STEP_TWO_TAPS(shift)                                                       \
  {                                                                                      \
    const Halves w0 = field_halves(word, shift), w1 = field_halves(word, shift + kBits); \
    const uint32_t a = load_pair(x + at[0]) | load_pair(x + at[1]) << 16;                \
    const uint32_t b = load_pair(y + at[0]) | load_pair(y + at[1]) << 16;                \
    a0 = add_products(a0, byte_halves(a), w0);                                           \
    a1 = add_products(a1, odd_byte_halves(a), w1);                                       \
    b0 = add_products(b0, byte_halves(b), w0);                                           \
    b1 = add_products(b1, odd_byte_halves(b), w1);                                       \
    at += 2;                                                                             \
  }

#define QUERN_STEP_TAPS(shift)                                                       \
  {                                                                                  \
    const uint32_t taps = load_pair(x + at[0]) | load_pair(x + at[1]) << 16;         \
    a0 = add_products(a0, byte_halves(taps), field_halves(word, shift));             \
    a1 = add_products(a1, odd_byte_halves(taps), field_halves(word, shift + kBits)); \
    at += 2;                                                                         \
  }

#else

#define QUERN_STEP_TWO_TAPS(shift)                                                        \
  {                                                                                       \
    const int32_t even0 = field(word, shift), even1 = field(word, shift + kBits);         \
    const int32_t odd0 = field(word, shift + 16), odd1 = field(word, shift + 16 + kBits); \
    a0 += x[at[0]] * even0;                                                               \
    a1 += x[at[0] + 1] * even1;                                                           \
    a0 += x[at[1]] * odd0;                                                                \
    a1 += x[at[1] + 1] * odd1;                                                            \
    b0 += y[at[0]] * even0;                                                               \
    b1 += y[at[0] + 1] * even1;                                                           \
    b0 += y[at[1]] * odd0;                                                                \
    b1 += y[at[1] + 1] * odd1;                                                            \
    at += 2;                                                                              \
  }
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

/// Two pixels by pairs of neighbouring channels; the second lies `step` behind the first.
static void dot_two_taps(const uint8_t* x, int32_t step, const int32_t* offsets, const uint32_t* w,
                         int32_t words, int32_t count, const int32_t* bias, int32_t* sums) {
  for (int32_t c = 0; c < count; c += 2) {
    const uint8_t* y = x + step;
    const int32_t* at = offsets;
    int32_t a0 = bias[c], a1 = c + 1 < count ? bias[c + 1] : 0;
    int32_t b0 = a0, b1 = a1;
    for (int32_t i = words; i > 0; --i) {
      const uint32_t word = *w++;
      QUERN_STEPS(QUERN_STEP_TWO_TAPS)
    }
    sums[c] = a0;
    sums[c + 1] = a1;
    sums[c + kQuernTapsBlock] = b0;
    sums[c + kQuernTapsBlock + 1] = b1;
    x += 2;
  }
}

/// One pixel by pairs of neighbouring channels.
static void dot_taps(const uint8_t* x, int32_t step, const int32_t* offsets, const uint32_t* w,
                     int32_t words, int32_t count, const int32_t* bias, int32_t* sums) {
  (void)step;
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
