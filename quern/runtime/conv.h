#ifndef QUERN_RUNTIME_CONV_H
#define QUERN_RUNTIME_CONV_H

#include "quern/runtime/requantize.h"
#include "quern/runtime/tensor.h"
#include "quern/runtime/weights.h"
#include "quern/runtime/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A 2-D convolution with bias and requantization:
///
///     acc[o] = bias[o] + Σ_k x_k · (v_ok − zero_o)
///
/// over the codes x as stored; taps outside of the input read `padding`. The zero point z of the
/// input is part of the bias, −z · Σ_k w_ok, so padding = z is a real 0.
///
/// Weights of an output channel are ordered [window height][window width][channels of the group].
/// A fully connected layer is a convolution whose window is its whole input.
typedef struct {
  QuernTensor input, output;
  QuernWindow window;
  int32_t groups;   ///< Divides the channels of input and output.
  int32_t padding;  ///< A code of the input.
  QuernWeights weights;
  const int32_t* bias;  ///< Per output channel.
  QuernRequantize requantize;
} QuernConv;

/// Bytes of scratch memory, aligned to 4, that every kernel of this header needs.
int32_t quern_conv_scratch_bytes(const QuernConv* conv);

/// Computes output rows row_begin to row_end − 1; by bits of the weights. The whole accumulator,
/// Σ x · |v| + |zero| · Σ x + |bias| at its largest, must fit int32.
void quern_conv_w8(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                   int32_t row_begin, int32_t row_end);
void quern_conv_w4(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                   int32_t row_begin, int32_t row_end);
void quern_conv_w2(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                   int32_t row_begin, int32_t row_end);
void quern_conv_w1(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                   int32_t row_begin, int32_t row_end);

#ifdef __cplusplus
}
#endif

#endif
