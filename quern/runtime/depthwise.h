#ifndef QUERN_RUNTIME_DEPTHWISE_H
#define QUERN_RUNTIME_DEPTHWISE_H

#include "quern/runtime/conv.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A convolution whose groups are its channels: output channel c reads input channel c alone. In
/// the packed weights all channels form one group, so that pairs exist: depth is the number of
/// taps, and the channels of a pair are neighbours.

/// Bytes of scratch memory, aligned to 4, that every kernel of this header needs.
int32_t quern_depthwise_scratch_bytes(const QuernConv* conv);

/// Computes output rows row_begin to row_end − 1; by bits of the weights.
void quern_depthwise_w8(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                        int32_t row_begin, int32_t row_end);
void quern_depthwise_w4(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                        int32_t row_begin, int32_t row_end);
void quern_depthwise_w2(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                        int32_t row_begin, int32_t row_end);
void quern_depthwise_w1(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                        int32_t row_begin, int32_t row_end);

#ifdef __cplusplus
}
#endif

#endif
