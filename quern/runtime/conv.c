#include "quern/runtime/internal/conv_rows.h"

// The inputs of a pixel, or of two, are unpacked once to 16 bits and then multiplied with every
// output channel. Two pixels take turns, two inputs each, as the channels of a pair do in the
// packed weights: one pointer walks the inputs, one the weights.

/// Inputs of one pixel in scratch memory: the packed depth, its end of zeros included.
static int32_t input_count(const QuernWeights* weights) {
  return weights->words * (16 / weights->bits);
}

int32_t quern_conv_scratch_bytes(const QuernConv* conv) {
  const int32_t pixels = conv->output.height * conv->output.width > 1 ? 2 : 1;
  return pixels * input_count(&conv->weights) * (int32_t)sizeof(int16_t);
}

/// Where the inputs of a pixel go.
typedef struct {
  int16_t* next;  ///< Where the next two inputs go.
  int32_t step;   ///< From two inputs to the next two.
  int32_t count;  ///< Inputs so far.
  int32_t sum;    ///< Of those.
} Patch;

static void append(Patch* patch, int32_t value) {
  patch->next[patch->count & 1] = (int16_t)value;
  if (patch->count & 1) patch->next += patch->step;
  patch->count += 1;
  patch->sum += value;
}

/// Appends pairs of channels where a pair begins. A constant number of bits is a loop of its own.
static inline void append_pairs(Patch* patch, const uint8_t* pixel, int32_t first, int32_t pairs,
                                int32_t bits) {
  int16_t* next = patch->next;
  const int32_t step = patch->step;
  int32_t sum = 0;
  for (int32_t i = 0; i < pairs; ++i) {
    const int32_t c = first + 2 * i;
    const int32_t even = quern_load(pixel, c, bits), odd = quern_load(pixel, c + 1, bits);
    next[0] = (int16_t)even;
    next[1] = (int16_t)odd;
    sum += even + odd;
    next += step;
  }
  patch->next = next;
  patch->count += 2 * pairs;
  patch->sum += sum;
}

/// Appends channels of a pixel, or of pixels that follow each other without a gap.
static void append_channels(Patch* patch, const uint8_t* pixel, int32_t first, int32_t channels,
                            int32_t bits) {
  int32_t c = first;
  const int32_t end = first + channels;
  if ((patch->count & 1) && c < end) append(patch, quern_load(pixel, c++, bits));
  const int32_t pairs = (end - c) / 2;
  if (bits == 8) {
    append_pairs(patch, pixel, c, pairs, 8);
  } else {
    append_pairs(patch, pixel, c, pairs, bits);
  }
  c += 2 * pairs;
  if (c < end) append(patch, quern_load(pixel, c, bits));
}

static void append_times(Patch* patch, int32_t value, int32_t times) {
  for (; times > 0; --times) append(patch, value);
}

/// Unpacks what the output pixel (y, x) reads of a group through a window of several taps, or one
/// with a margin.
static void gather_taps(Patch* patch, const QuernConv* conv, const uint8_t* input, int32_t group,
                        int32_t y, int32_t x) {
  const QuernTensor* in = &conv->input;
  const QuernWindow* window = &conv->window;
  const int32_t channels = in->channels / conv->groups;
  const int32_t has_no_gaps = conv->groups == 1 && window->dilation_width == 1 &&
                              in->channels * in->bits == 8 * in->pixel_bytes;
  const int32_t left = x * window->stride_width - window->left;
  const QuernTaps columns =
      quern_taps_inside(left, window->dilation_width, window->width, in->width);
  int32_t row = y * window->stride_height - window->top;
  for (int32_t i = 0; i < window->height; ++i) {
    if (row < 0 || row >= in->height) {
      append_times(patch, conv->padding, window->width * channels);
    } else {
      append_times(patch, conv->padding, columns.begin * channels);
      const int32_t run = has_no_gaps ? columns.end - columns.begin : 1;
      for (int32_t j = columns.begin; j < columns.end; j += run) {
        const int32_t column = left + j * window->dilation_width;
        const uint8_t* pixel = input + quern_row(in, row) + column * in->pixel_bytes;
        append_channels(patch, pixel, group * channels, run * channels, in->bits);
      }
      append_times(patch, conv->padding, (window->width - columns.end) * channels);
    }
    row += window->dilation_height;
  }
}

/// Unpacks what the output pixel (y, x) reads of a group. One tap without a margin needs none of
/// the arithmetic of windows, which is longer than a pixel.
static void gather(Patch* patch, const QuernConv* conv, const uint8_t* input, int32_t group,
                   int32_t y, int32_t x) {
  const QuernTensor* in = &conv->input;
  const QuernWindow* window = &conv->window;
  const int32_t row = y * window->stride_height, column = x * window->stride_width;
  if (window->height * window->width == 1 && window->top == 0 && window->left == 0 &&
      row < in->height && column < in->width) {
    const int32_t channels = in->channels / conv->groups;
    const uint8_t* pixel = input + quern_row(in, row) + column * in->pixel_bytes;
    append_channels(patch, pixel, group * channels, channels, in->bits);
  } else {
    gather_taps(patch, conv, input, group, y, x);
  }
  append_times(patch, 0, input_count(&conv->weights) - patch->count);
}

/// One or two neighbouring output pixels.
typedef struct {
  int32_t count;
  int32_t y[2], x[2];
  uint8_t* to[2];
  int32_t sum[2];  ///< Of the inputs.
} Pixels;

/// Accumulates, requantizes and stores output channels first to end − 1, at most a block.
static void conv_block(const QuernConv* conv, QuernDot dot, const Pixels* pixels,
                       const int16_t* inputs, const uint32_t* packed, int32_t first, int32_t end) {
  const QuernWeights* weights = &conv->weights;
  const int32_t count = end - first;
  int32_t sums[2 * kQuernBlock];
  dot(inputs, packed, weights->words, count, conv->bias + first, sums);
  for (int32_t i = 0; i < pixels->count; ++i) {
    int32_t* values = sums + i * kQuernBlock;
    if (weights->zero) {
      for (int32_t o = 0; o < count; ++o) values[o] -= weights->zero[first + o] * pixels->sum[i];
    }
    quern_requantize_channels(&conv->requantize, first, count, values, conv->output.bits,
                              pixels->to[i]);
  }
}

/// All output channels of a group for one or two pixels.
static void conv_group(const QuernConv* conv, QuernDot dot, const uint8_t* input, Pixels* pixels,
                       int32_t group, int16_t* inputs) {
  const int32_t channels = conv->output.channels / conv->groups;
  const int32_t pair_words = conv->weights.words;
  const uint32_t* packed =
      conv->weights.packed + (size_t)group * (size_t)((channels + 1) / 2) * (size_t)pair_words;
  for (int32_t i = 0; i < pixels->count; ++i) {
    Patch patch = {inputs + 2 * i, 2 * pixels->count, 0, 0};
    gather(&patch, conv, input, group, pixels->y[i], pixels->x[i]);
    pixels->sum[i] = patch.sum;
  }
  const int32_t end = (group + 1) * channels;
  for (int32_t first = group * channels; first < end; first += kQuernBlock) {
    const int32_t block_end = end < first + kQuernBlock ? end : first + kQuernBlock;
    conv_block(conv, dot, pixels, inputs, packed, first, block_end);
    packed += kQuernBlock / 2 * pair_words;
  }
}

void quern_conv_rows(const QuernConv* conv, QuernDot two_pixels, QuernDot one_pixel,
                     const uint8_t* input, uint8_t* output, void* scratch, int32_t row_begin,
                     int32_t row_end) {
  const QuernTensor* out = &conv->output;
  int32_t y = row_begin, x = 0;
  while (y < row_end) {
    Pixels pixels = {0, {0, 0}, {0, 0}, {output, output}, {0, 0}};
    while (pixels.count < 2 && y < row_end) {
      pixels.y[pixels.count] = y;
      pixels.x[pixels.count] = x;
      pixels.to[pixels.count] = output + quern_row(out, y) + x * out->pixel_bytes;
      pixels.count += 1;
      if (++x == out->width) {
        x = 0;
        ++y;
      }
    }
    for (int32_t group = 0; group < conv->groups; ++group) {
      conv_group(conv, pixels.count == 2 ? two_pixels : one_pixel, input, &pixels, group,
                 (int16_t*)scratch);
    }
  }
}
