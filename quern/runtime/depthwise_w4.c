#define QUERN_WEIGHT_BITS 4
#include "quern/runtime/internal/depthwise_rows.h"
#include "quern/runtime/internal/dot_taps.h"

void quern_depthwise_w4(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                        int32_t row_begin, int32_t row_end) {
  quern_depthwise_rows(conv, dot_two_taps, dot_taps, input, output, scratch, row_begin, row_end);
}
