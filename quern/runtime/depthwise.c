#include "quern/runtime/internal/depthwise_rows.h"

// Where all taps of a pixel lie inside of the input as bytes, they are read where they are; at the
// border, and for codes of fewer bits, they are first gathered in scratch memory. A table of
// offsets tells both alike.

/// Offsets per table: the packed number of taps. Beyond the last tap weights are 0 and what is read
/// does not matter, as long as it exists.
static int32_t offset_count(const QuernWeights* weights) {
  return weights->words * (16 / weights->bits);
}

/// Bytes of a gathered pixel: pairs of channels are read even where the last is alone.
static int32_t gathered_bytes(const QuernConv* conv) { return (conv->input.channels + 1) & ~1; }

int32_t quern_depthwise_scratch_bytes(const QuernConv* conv) {
  const int32_t tables = 2 * offset_count(&conv->weights) * (int32_t)sizeof(int32_t);
  return tables + ((conv->weights.depth * gathered_bytes(conv) + 3) & ~3);
}

/// The parts of scratch memory.
typedef struct {
  int32_t* in_place;  ///< From the first tap to each, in the input.
  int32_t* in_copy;   ///< From the first tap to each, in the copy.
  uint8_t* copy;      ///< [taps][gathered_bytes]
} Taps;

static Taps make_taps(const QuernConv* conv, void* scratch) {
  const int32_t count = offset_count(&conv->weights);
  Taps taps;
  taps.in_place = (int32_t*)scratch;
  taps.in_copy = taps.in_place + count;
  taps.copy = (uint8_t*)(taps.in_copy + count);
  for (int32_t k = 0; k < count; ++k) {
    const int32_t tap = k < conv->weights.depth ? k : 0;
    const int32_t i = tap / conv->window.width, j = tap % conv->window.width;
    taps.in_place[k] = i * conv->window.dilation_height * conv->input.row_bytes +
                       j * conv->window.dilation_width * conv->input.pixel_bytes;
    taps.in_copy[k] = tap * gathered_bytes(conv);
  }
  return taps;
}

/// Copies the pixel of a tap as bytes, or the padding.
static void copy_pixel(const QuernConv* conv, const uint8_t* input, int32_t y, int32_t x,
                       uint8_t* copy) {
  const QuernTensor* in = &conv->input;
  if (y < 0 || y >= in->height || x < 0 || x >= in->width) {
    memset(copy, conv->padding, (size_t)in->channels);
    return;
  }
  const uint8_t* pixel = input + quern_row(in, y) + x * in->pixel_bytes;
  const int32_t bits = in->bits, channels = in->channels;
  if (bits == 8) {
    memcpy(copy, pixel, (size_t)channels);
    return;
  }
  int32_t c = 0;
  // Two codes a byte at once: unpacking is most of what 4 bits cost here.
  for (; bits == 4 && c + 2 <= channels; c += 2) {
    const int32_t two = pixel[c >> 1];
    copy[c] = (uint8_t)(two & 15);
    copy[c + 1] = (uint8_t)(two >> 4);
  }
  for (; c < channels; ++c) copy[c] = (uint8_t)quern_load(pixel, c, bits);
}

/// Copies the taps of a window whose first tap is (y, x).
static void gather(const QuernConv* conv, const uint8_t* input, int32_t y, int32_t x,
                   uint8_t* copy) {
  const QuernWindow* window = &conv->window;
  for (int32_t i = 0; i < window->height; ++i) {
    for (int32_t j = 0; j < window->width; ++j) {
      copy_pixel(conv, input, y + i * window->dilation_height, x + j * window->dilation_width,
                 copy);
      copy += gathered_bytes(conv);
    }
  }
}

/// Whether all taps of the output pixel (y, x) can be read where they are.
static int32_t lies_inside(const QuernConv* conv, int32_t y, int32_t x) {
  const QuernTensor* in = &conv->input;
  const QuernWindow* window = &conv->window;
  const int32_t top = y * window->stride_height - window->top;
  const int32_t left = x * window->stride_width - window->left;
  const int32_t height = (window->height - 1) * window->dilation_height;
  const int32_t width = (window->width - 1) * window->dilation_width;
  return in->bits == 8 && (in->channels & 1) == 0 && top >= 0 && top + height < in->height &&
         left >= 0 && left + width < in->width && top % in->rows + height < in->rows;
}

/// One pixel, or two neighbouring ones of a row, and where their taps are.
typedef struct {
  int32_t count;
  const uint8_t* taps;     ///< The first of the first pixel.
  int32_t step;            ///< From there to that of the second.
  const int32_t* offsets;  ///< From the first tap to each.
} Pixels;

/// The pixels from (y, x) on.
static Pixels find_pixels(const QuernConv* conv, const uint8_t* input, int32_t y, int32_t x,
                          const Taps* taps) {
  const QuernTensor* in = &conv->input;
  const QuernWindow* window = &conv->window;
  const int32_t top = y * window->stride_height - window->top;
  const int32_t left = x * window->stride_width - window->left;
  Pixels pixels = {1, taps->copy, window->stride_width * in->pixel_bytes, taps->in_copy};
  if (!lies_inside(conv, y, x)) {
    gather(conv, input, top, left, taps->copy);
    return pixels;
  }
  if (x + 1 < conv->output.width && lies_inside(conv, y, x + 1)) pixels.count = 2;
  pixels.taps = input + quern_row(in, top) + left * in->pixel_bytes;
  pixels.offsets = taps->in_place;
  return pixels;
}

static int32_t sum_taps(const uint8_t* x, const int32_t* offsets, int32_t count) {
  int32_t sum = 0;
  for (int32_t k = 0; k < count; ++k) sum += x[offsets[k]];
  return sum;
}

/// Accumulates, requantizes and stores channels first to end − 1, at most a block.
static void depthwise_block(const QuernConv* conv, QuernDotTaps dot, const Pixels* pixels,
                            int32_t first, int32_t end, uint8_t* to) {
  const QuernWeights* weights = &conv->weights;
  const uint32_t* packed = weights->packed + first / 2 * weights->words;
  int32_t sums[2 * kQuernTapsBlock];
  dot(pixels->taps + first, pixels->step, pixels->offsets, packed, weights->words, end - first,
      conv->bias + first, sums);
  for (int32_t i = 0; i < pixels->count; ++i) {
    const uint8_t* taps = pixels->taps + i * pixels->step;
    int32_t* values = sums + i * kQuernTapsBlock;
    if (weights->zero) {
      for (int32_t c = first; c < end; ++c) {
        values[c - first] -= weights->zero[c] * sum_taps(taps + c, pixels->offsets, weights->depth);
      }
    }
    quern_requantize_channels(&conv->requantize, first, end - first, values, conv->output.bits,
                              to + i * conv->output.pixel_bytes);
  }
}

void quern_depthwise_rows(const QuernConv* conv, QuernDotTaps two_pixels, QuernDotTaps one_pixel,
                          const uint8_t* input, uint8_t* output, void* scratch, int32_t row_begin,
                          int32_t row_end) {
  const QuernTensor* out = &conv->output;
  const Taps taps = make_taps(conv, scratch);
  for (int32_t y = row_begin; y < row_end; ++y) {
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width;) {
      const Pixels pixels = find_pixels(conv, input, y, x, &taps);
      for (int32_t c = 0; c < out->channels; c += kQuernTapsBlock) {
        const int32_t end =
            c + kQuernTapsBlock < out->channels ? c + kQuernTapsBlock : out->channels;
        depthwise_block(conv, pixels.count == 2 ? two_pixels : one_pixel, &pixels, c, end, to);
      }
      x += pixels.count;
      to += pixels.count * out->pixel_bytes;
    }
  }
}
