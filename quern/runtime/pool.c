#include "quern/runtime/pool.h"

/// What a pool makes of the taps inside of the input: their largest code, or their sum.
typedef struct {
  const uint8_t* input;
  QuernTaps rows, columns;
  int32_t y, x;  ///< What tap (0, 0) reads.
} QuernPoolWindow;

static QuernPoolWindow window_at(const QuernPool* pool, const uint8_t* input, int32_t y,
                                 int32_t x) {
  const QuernWindow* window = &pool->window;
  QuernPoolWindow at;
  at.input = input;
  at.y = y * window->stride_height - window->top;
  at.x = x * window->stride_width - window->left;
  at.rows = quern_taps_inside(at.y, window->dilation_height, window->height, pool->input.height);
  at.columns = quern_taps_inside(at.x, window->dilation_width, window->width, pool->input.width);
  return at;
}

/// The pixel that a tap reads.
static const uint8_t* tap(const QuernPool* pool, const QuernPoolWindow* at, int32_t i, int32_t j) {
  return at->input + quern_row(&pool->input, at->y + i * pool->window.dilation_height) +
         (at->x + j * pool->window.dilation_width) * pool->input.pixel_bytes;
}

static int32_t largest(const QuernPool* pool, const QuernPoolWindow* at, int32_t channel) {
  int32_t result = 0;
  for (int32_t i = at->rows.begin; i < at->rows.end; ++i) {
    for (int32_t j = at->columns.begin; j < at->columns.end; ++j) {
      const int32_t code = quern_load(tap(pool, at, i, j), channel, pool->input.bits);
      if (code > result) result = code;
    }
  }
  return result;
}

static int32_t sum(const QuernPool* pool, const QuernPoolWindow* at, int32_t channel) {
  int32_t result = 0;
  for (int32_t i = at->rows.begin; i < at->rows.end; ++i) {
    for (int32_t j = at->columns.begin; j < at->columns.end; ++j) {
      result += quern_load(tap(pool, at, i, j), channel, pool->input.bits) - pool->zero_point;
    }
  }
  return result;
}

void quern_max_pool(const QuernPool* pool, const uint8_t* input, uint8_t* output, int32_t row_begin,
                    int32_t row_end) {
  const QuernTensor* out = &pool->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      const QuernPoolWindow at = window_at(pool, input, y, x);
      for (int32_t c = 0; c < out->channels; ++c) {
        quern_store(to, c, out->bits, largest(pool, &at, c));
      }
      to += out->pixel_bytes;
    }
  }
}

void quern_average_pool(const QuernPool* pool, const uint8_t* input, uint8_t* output,
                        int32_t row_begin, int32_t row_end) {
  const QuernTensor* out = &pool->output;
  for (int32_t y = row_begin; y < row_end; ++y) {
    uint8_t* to = output + quern_row(out, y);
    for (int32_t x = 0; x < out->width; ++x) {
      const QuernPoolWindow at = window_at(pool, input, y, x);
      const int32_t taps = (at.rows.end - at.rows.begin) * (at.columns.end - at.columns.begin);
      for (int32_t c = 0; c < out->channels; ++c) {
        int32_t value = sum(pool, &at, c);
        quern_requantize(&pool->requantize, taps - 1, 1, &value);
        quern_store(to, c, out->bits, value);
      }
      to += out->pixel_bytes;
    }
  }
}
