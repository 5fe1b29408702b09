#ifndef QUERN_RUNTIME_INTERNAL_DEPTHWISE_ROWS_H
#define QUERN_RUNTIME_INTERNAL_DEPTHWISE_ROWS_H

#include "quern/runtime/depthwise.h"

/// Channels that are accumulated before they are requantized; even.
enum { kQuernTapsBlock = 32 };

/// bias + Σ x · v of one or two pixels by some channels; sums are [pixel][kQuernTapsBlock], and one
/// more of each where the number of channels is odd. Tap k of the first channel is x[offsets[k]],
/// that of the second pixel x[step + offsets[k]].
typedef void (*QuernDotTaps)(const uint8_t* x, int32_t step, const int32_t* offsets,
                             const uint32_t* w, int32_t words, int32_t count, const int32_t* bias,
                             int32_t* sums);

/// The depthwise convolution but for its products.
void quern_depthwise_rows(const QuernConv* conv, QuernDotTaps two_pixels, QuernDotTaps one_pixel,
                          const uint8_t* input, uint8_t* output, void* scratch, int32_t row_begin,
                          int32_t row_end);

#endif
