#ifndef QUERN_RUNTIME_INTERNAL_DEPTHWISE_ROWS_H
#define QUERN_RUNTIME_INTERNAL_DEPTHWISE_ROWS_H

#include "quern/runtime/depthwise.h"

/// bias + Σ x · v of one pixel by some channels, and one more sum where their number is odd; tap k
/// of the first channel is x[offsets[k]].
typedef void (*QuernDotTaps)(const uint8_t* x, const int32_t* offsets, const uint32_t* w,
                             int32_t words, int32_t count, const int32_t* bias, int32_t* sums);

/// The depthwise convolution but for its products.
void quern_depthwise_rows(const QuernConv* conv, QuernDotTaps dot, const uint8_t* input,
                          uint8_t* output, void* scratch, int32_t row_begin, int32_t row_end);

#endif
