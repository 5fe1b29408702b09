#ifndef QUERN_RUNTIME_POOL_H
#define QUERN_RUNTIME_POOL_H

#include "quern/runtime/requantize.h"
#include "quern/runtime/tensor.h"
#include "quern/runtime/window.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A pool over a moving window, or over all of the input. Taps outside of the input do not count;
/// every window has a tap inside.
typedef struct {
  QuernTensor input, output;
  QuernWindow window;
  int32_t zero_point;          ///< Of the input; used by the average.
  QuernRequantize requantize;  ///< Of the average. Entries are per number n of taps inside, entry
                               ///< n − 1, where the mean divides by n; one entry where it divides
                               ///< by a constant.
} QuernPool;

/// Codes of the largest element; bits and grid of input and output are the same. Rows row_begin to
/// row_end − 1 of the output.
void quern_max_pool(const QuernPool* pool, const uint8_t* input, uint8_t* output, int32_t row_begin,
                    int32_t row_end);

/// Requantizes acc = Σ (x − zero_point) over the taps inside; not by thresholds. Rows row_begin to
/// row_end − 1 of the output.
void quern_average_pool(const QuernPool* pool, const uint8_t* input, uint8_t* output,
                        int32_t row_begin, int32_t row_end);

#ifdef __cplusplus
}
#endif

#endif
