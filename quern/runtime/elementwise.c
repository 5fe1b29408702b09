#include "quern/runtime/elementwise.h"

void quern_add(const QuernAdd* add, const uint8_t* a, const uint8_t* b, uint8_t* output,
               int32_t row_begin, int32_t row_end) {
  const QuernTensor* out = &add->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* from_a = a + quern_row(&add->a, y);
    const uint8_t* from_b = b + quern_row(&add->b, y);
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      for (int32_t c = 0; c < out->channels; ++c) {
        int32_t value = quern_load(from_a, c, add->a.bits) * add->factor_a +
                        quern_load(from_b, c, add->b.bits) * add->factor_b + add->bias;
        quern_requantize(&add->requantize, c, 1, &value);
        quern_store(to, c, out->bits, value);
      }
      from_a += add->a.pixel_bytes;
      from_b += add->b.pixel_bytes;
      to += out->pixel_bytes;
    }
  }
}

void quern_affine(const QuernAffine* affine, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end) {
  const QuernTensor* in = &affine->input;
  const QuernTensor* out = &affine->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* from = input + quern_row(in, y);
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      for (int32_t c = 0; c < out->channels; ++c) {
        int32_t value = quern_load(from, c, in->bits) * affine->factor[c] + affine->bias[c];
        quern_requantize(&affine->requantize, c, 1, &value);
        quern_store(to, c, out->bits, value);
      }
      from += in->pixel_bytes;
      to += out->pixel_bytes;
    }
  }
}

/// Constant bits are a loop of their own: most tables map bytes to bytes.
static inline void lookup_rows(const QuernLookup* lookup, const uint8_t* input, uint8_t* output,
                               int32_t row_begin, int32_t row_end, int32_t in_bits,
                               int32_t out_bits) {
  const QuernTensor* in = &lookup->input;
  const QuernTensor* out = &lookup->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* from = input + quern_row(in, y);
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      const uint8_t* table = lookup->table;
      for (int32_t c = 0; c < out->channels; ++c) {
        quern_store(to, c, out_bits, table[quern_load(from, c, in_bits)]);
        table += lookup->stride;
      }
      from += in->pixel_bytes;
      to += out->pixel_bytes;
    }
  }
}

void quern_lookup(const QuernLookup* lookup, const uint8_t* input, uint8_t* output,
                  int32_t row_begin, int32_t row_end) {
  const int32_t in_bits = lookup->input.bits, out_bits = lookup->output.bits;
  if (in_bits == 8 && out_bits == 8) {
    lookup_rows(lookup, input, output, row_begin, row_end, 8, 8);
  } else {
    lookup_rows(lookup, input, output, row_begin, row_end, in_bits, out_bits);
  }
}
