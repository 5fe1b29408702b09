#ifndef QUERN_RUNTIME_INTERNAL_CONV_ROWS_H
#define QUERN_RUNTIME_INTERNAL_CONV_ROWS_H

#include "quern/runtime/conv.h"

/// Output channels that are accumulated before they are requantized; even.
enum { kQuernBlock = 32 };

/// bias + Σ x · v of one or two pixels by some channels; sums are [pixel][kQuernBlock], and one
/// more of each where the number of channels is odd.
typedef void (*QuernDot)(const int16_t* inputs, const uint32_t* w, int32_t words, int32_t count,
                         const int32_t* bias, int32_t* sums);

/// The convolution but for its products.
void quern_conv_rows(const QuernConv* conv, QuernDot two_pixels, QuernDot one_pixel,
                     const uint8_t* input, uint8_t* output, void* scratch, int32_t row_begin,
                     int32_t row_end);

#endif
