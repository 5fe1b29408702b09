#include "quern/runtime/internal/conv_rows.h"

// The inputs of a pixel, or of two, are unpacked once into 16-bit words and then multiplied with
// every output channel. The words of two pixels take turns, two inputs each, as the channels of a
// pair do in the packed weights: one pointer walks each of the two.

/// Inputs of one pixel in scratch memory: the packed depth, its end of zeros included.
static int32_t padded_depth(const QuernWeights* weights) {
  return weights->words * (16 / weights->bits);
}

int32_t quern_conv_scratch_bytes(const QuernConv* conv) {
  const int32_t pixels = conv->output.height * conv->output.width > 1 ? 2 : 1;
  return pixels * padded_depth(&conv->weights) * (int32_t)sizeof(int16_t);
}

/// Where the inputs of a pixel go.
typedef struct {
  int16_t* words;
  int32_t step;   ///< From two inputs to the next two.
  int32_t count;  ///< Inputs so far.
  int32_t sum;    ///< Of those.
} Patch;

static void append(Patch* patch, int32_t value) {
  patch->words[(patch->count >> 1) * patch->step + (patch->count & 1)] = (int16_t)value;
  patch->count += 1;
  patch->sum += value;
}

/// Appends neighbouring channels of a pixel.
static void append_channels(Patch* patch, const uint8_t* pixel, int32_t first, int32_t channels,
                            int32_t bits) {
  int32_t c = 0;
  if (bits == 8 && (patch->count & 1) == 0) {
    const uint8_t* from = pixel + first;
    int16_t* to = patch->words + (patch->count >> 1) * patch->step;
    int32_t sum = 0;
    for (; c + 1 < channels; c += 2) {
      to[0] = from[0];
      to[1] = from[1];
      sum += from[0] + from[1];
      from += 2;
      to += patch->step;
    }
    patch->count += c;
    patch->sum += sum;
  }
  for (; c < channels; ++c) append(patch, quern_load(pixel, first + c, bits));
}

/// Unpacks what the output pixel (y, x) reads of a group.
static void gather(Patch* patch, const QuernConv* conv, const uint8_t* input, int32_t group,
                   int32_t y, int32_t x) {
  const QuernTensor* in = &conv->input;
  const QuernWindow* window = &conv->window;
  const int32_t channels = in->channels / conv->groups;
  for (int32_t i = 0; i < window->height; ++i) {
    const int32_t row = y * window->stride_height + i * window->dilation_height - window->top;
    for (int32_t j = 0; j < window->width; ++j) {
      const int32_t column = x * window->stride_width + j * window->dilation_width - window->left;
      if (row >= 0 && row < in->height && column >= 0 && column < in->width) {
        const uint8_t* pixel = input + quern_row(in, row) + column * in->pixel_bytes;
        append_channels(patch, pixel, group * channels, channels, in->bits);
      } else {
        for (int32_t c = 0; c < channels; ++c) append(patch, conv->padding);
      }
    }
  }
  const int32_t sum = patch->sum;
  while (patch->count < padded_depth(&conv->weights)) append(patch, 0);
  patch->sum = sum;
}

/// One or two neighbouring output pixels.
typedef struct {
  int32_t count;
  int32_t y[2], x[2];
  uint8_t* to[2];
} Pixels;

/// All output channels of a group for one or two pixels.
static void conv_pixels(const QuernConv* conv, QuernDot dot, const uint8_t* input,
                        const Pixels* pixels, int32_t group, int16_t* words) {
  const QuernWeights* weights = &conv->weights;
  const int32_t channels = conv->output.channels / conv->groups;
  const uint32_t* packed =
      weights->packed + (size_t)group * (size_t)((channels + 1) / 2) * (size_t)weights->words;
  int32_t input_sums[2] = {0, 0};
  for (int32_t i = 0; i < pixels->count; ++i) {
    Patch patch = {words + 2 * i, 2 * pixels->count, 0, 0};
    gather(&patch, conv, input, group, pixels->y[i], pixels->x[i]);
    input_sums[i] = patch.sum;
  }
  const int32_t end = (group + 1) * channels;
  for (int32_t first = group * channels; first < end; first += 2) {
    int32_t sums[4];
    dot(words, packed, weights->words, sums);
    packed += weights->words;
    for (int32_t o = first; o < first + 2 && o < end; ++o) {
      const int32_t zero = weights->zero ? weights->zero[o] : 0;
      for (int32_t i = 0; i < pixels->count; ++i) {
        const int32_t accumulator = conv->bias[o] + sums[2 * i + o - first] - zero * input_sums[i];
        quern_store(pixels->to[i], o, conv->output.bits,
                    quern_requantize(&conv->requantize, o, accumulator));
      }
    }
  }
}

void quern_conv_rows(const QuernConv* conv, QuernDot two_pixels, QuernDot one_pixel,
                     const uint8_t* input, uint8_t* output, void* scratch, int32_t row_begin,
                     int32_t row_end) {
  const QuernTensor* out = &conv->output;
  int32_t y = row_begin, x = 0;
  while (y < row_end) {
    Pixels pixels = {0, {0, 0}, {0, 0}, {output, output}};
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
      conv_pixels(conv, pixels.count == 2 ? two_pixels : one_pixel, input, &pixels, group,
                  (int16_t*)scratch);
    }
  }
}
