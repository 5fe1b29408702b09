#ifndef QUERN_RUNTIME_MOVE_H
#define QUERN_RUNTIME_MOVE_H

#include "quern/runtime/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

// Kernels that move codes and compute nothing: input and output have the same bits and grid. Each
// computes rows row_begin to row_end − 1 of the output.

/// One part of a concatenation along the channels: the input becomes the channels from `channel`
/// on. Parts must be written in the order of their channels.
typedef struct {
  QuernTensor input, output;
  int32_t channel;
} QuernConcat;

void quern_concat(const QuernConcat* concat, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end);

/// Output (y, x) is input (y − top, x − left), or `value` outside of the input. Negative margins
/// cut.
typedef struct {
  QuernTensor input, output;
  int32_t top, left;
  int32_t value;  ///< A code.
} QuernPad;

void quern_pad(const QuernPad* pad, const uint8_t* input, uint8_t* output, int32_t row_begin,
               int32_t row_end);

/// Nearest-neighbour resizing: output (y, x) is input (row[y], column[x]).
typedef struct {
  QuernTensor input, output;
  const uint16_t* row;     ///< Per row of the output.
  const uint16_t* column;  ///< Per column of the output.
} QuernResize;

void quern_resize(const QuernResize* resize, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end);

#ifdef __cplusplus
}
#endif

#endif
