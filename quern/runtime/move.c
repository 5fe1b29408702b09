#include "quern/runtime/move.h"

void quern_concat(const QuernConcat* concat, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end) {
  const QuernTensor* in = &concat->input;
  const QuernTensor* out = &concat->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* from = input + quern_row(in, y);
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < in->width; ++x) {
      if (in->bits == 8) {
        memcpy(to + concat->channel, from, (size_t)in->channels);
      } else {
        for (int32_t c = 0; c < in->channels; ++c) {
          quern_store(to, concat->channel + c, in->bits, quern_load(from, c, in->bits));
        }
      }
      from += in->pixel_bytes;
      to += out->pixel_bytes;
    }
  }
}

void quern_pad(const QuernPad* pad, const uint8_t* input, uint8_t* output, int32_t row_begin,
               int32_t row_end) {
  const QuernTensor* in = &pad->input;
  const QuernTensor* out = &pad->output;
  const size_t used = (size_t)quern_used_bytes(in);
  for (int32_t y = row_begin; y < row_end; ++y) {
    const int32_t row = y - pad->top;
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      const int32_t column = x - pad->left;
      if (row >= 0 && row < in->height && column >= 0 && column < in->width) {
        memcpy(to, input + quern_row(in, row) + column * in->pixel_bytes, used);
      } else {
        for (int32_t c = 0; c < out->channels; ++c) quern_store(to, c, out->bits, pad->value);
      }
      to += out->pixel_bytes;
    }
  }
}

void quern_resize(const QuernResize* resize, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end) {
  const QuernTensor* in = &resize->input;
  const QuernTensor* out = &resize->output;
  const size_t used = (size_t)quern_used_bytes(in);
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* from = input + quern_row(in, resize->row[y]);
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      memcpy(to, from + resize->column[x] * in->pixel_bytes, used);
      to += out->pixel_bytes;
    }
  }
}
