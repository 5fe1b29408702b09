#include "quern/runtime/internal/conv_rows.h"
#include "quern/runtime/internal/field.h"
#ifdef __ARM_FEATURE_DSP
#include "quern/runtime/internal/dual.h"
#endif

// STEP multiplies two inputs of every pixel, from x on, with two weights of both channels.

#ifdef __ARM_FEATURE_DSP

#define QUERN_STEP_TWO_PIXELS(shift)                                                     \
  {                                                                                      \
    const Halves w0 = field_halves(word, shift), w1 = field_halves(word, shift + kBits); \
    const Halves a = load_halves(x), b = load_halves(x + 2);                             \
    a0 = add_products(a0, a, w0);                                                        \
    a1 = add_products(a1, a, w1);                                                        \
    b0 = add_products(b0, b, w0);                                                        \
    b1 = add_products(b1, b, w1);                                                        \
    x += 4;                                                                              \
  }
#define QUERN_STEP_ONE_PIXEL(shift)                              \
  {                                                              \
    const Halves a = load_halves(x);                             \
    a0 = add_products(a0, a, field_halves(word, shift));         \
    a1 = add_products(a1, a, field_halves(word, shift + kBits)); \
    x += 2;                                                      \
  }

#else

#define QUERN_STEP_TWO_PIXELS(shift)                                                      \
  {                                                                                       \
    const int32_t even0 = field(word, shift), even1 = field(word, shift + kBits);         \
    const int32_t odd0 = field(word, shift + 16), odd1 = field(word, shift + 16 + kBits); \
    a0 += x[0] * even0;                                                                   \
    a1 += x[0] * even1;                                                                   \
    a0 += x[1] * odd0;                                                                    \
    a1 += x[1] * odd1;                                                                    \
    b0 += x[2] * even0;                                                                   \
    b1 += x[2] * even1;                                                                   \
    b0 += x[3] * odd0;                                                                    \
    b1 += x[3] * odd1;                                                                    \
    x += 4;                                                                               \
  }
#define QUERN_STEP_ONE_PIXEL(shift)               \
  {                                               \
    a0 += x[0] * field(word, shift);              \
    a1 += x[0] * field(word, shift + kBits);      \
    a0 += x[1] * field(word, shift + 16);         \
    a1 += x[1] * field(word, shift + 16 + kBits); \
    x += 2;                                       \
  }

#endif

/// Two pixels by pairs of channels: two inputs of the first pixel and two of the second take turns.
static void dot_two_pixels(const int16_t* inputs, const uint32_t* w, int32_t words, int32_t count,
                           const int32_t* bias, int32_t* sums) {
  for (int32_t o = 0; o < count; o += 2) {
    const int16_t* x = inputs;
    int32_t a0 = bias[o], a1 = o + 1 < count ? bias[o + 1] : 0;
    int32_t b0 = a0, b1 = a1;
    // Two words a turn: small machines spend a fifth of a turn on the turn itself.
    for (int32_t i = words >> 1; i > 0; --i) {
      uint32_t word = w[0];
      const uint32_t next = w[1];
      w += 2;
      QUERN_STEPS(QUERN_STEP_TWO_PIXELS)
      word = next;
      QUERN_STEPS(QUERN_STEP_TWO_PIXELS)
    }
    if (words & 1) {
      const uint32_t word = *w++;
      QUERN_STEPS(QUERN_STEP_TWO_PIXELS)
    }
    sums[o] = a0;
    sums[o + 1] = a1;
    sums[o + kQuernBlock] = b0;
    sums[o + kQuernBlock + 1] = b1;
  }
}

/// One pixel by pairs of channels.
static void dot_one_pixel(const int16_t* inputs, const uint32_t* w, int32_t words, int32_t count,
                          const int32_t* bias, int32_t* sums) {
  for (int32_t o = 0; o < count; o += 2) {
    const int16_t* x = inputs;
    int32_t a0 = bias[o], a1 = o + 1 < count ? bias[o + 1] : 0;
    for (int32_t i = words; i > 0; --i) {
      const uint32_t word = *w++;
      QUERN_STEPS(QUERN_STEP_ONE_PIXEL)
    }
    sums[o] = a0;
    sums[o + 1] = a1;
  }
}
