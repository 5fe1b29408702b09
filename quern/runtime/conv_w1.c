#define QUERN_WEIGHT_BITS 1
#include "quern/runtime/internal/conv_rows.h"
#include "quern/runtime/internal/dot_pixels.h"

void quern_conv_w1(const QuernConv* conv, const uint8_t* input, uint8_t* output, void* scratch,
                   int32_t row_begin, int32_t row_end) {
  quern_conv_rows(conv, dot_two_pixels, dot_one_pixel, input, output, scratch, row_begin, row_end);
}
