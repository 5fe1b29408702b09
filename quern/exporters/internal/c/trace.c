// Reads the codes of all inputs from standard input, [height][width][channels], one byte each, and
// writes the elements of every step of the schedule to standard output, in the same order, one
// byte each; those of 32 bits four, in the byte order of the machine. It is compiled with
// MODEL_TAP=trace_step.

#include "model.h"
#include "platform.h"

static uint32_t arena[(MODEL_ARENA_BYTES + 3) / 4];
static uint8_t block[4096];  // What was read ahead, or waits to be written.
static int32_t used, filled;

/// The next byte, or −1 at the end.
static int32_t next_byte(void) {
  if (used == filled) {
    used = 0;
    filled = platform_read(block, (int32_t)sizeof(block));
    if (filled <= 0) return -1;
  }
  return block[used++];
}

/// Returns 0, or 1 where there are too few codes, or one that the bits do not hold.
static int read_input(const ModelTensor* input) {
  const QuernTensor* layout = &input->layout;
  for (int32_t y = 0; y < layout->height; ++y) {
    uint8_t* pixel = (uint8_t*)arena + input->offset + quern_row(layout, y);
    for (int32_t x = 0; x < layout->width; ++x) {
      for (int32_t c = 0; c < layout->channels; ++c) {
        const int32_t code = next_byte();
        if (code < 0 || code >> layout->bits != 0) return 1;
        quern_store(pixel, c, layout->bits, code);
      }
      pixel += layout->pixel_bytes;
    }
  }
  return 0;
}

static void flush(void) {
  platform_write(block, filled);
  filled = 0;
}

static void put(int32_t element, int32_t bits) {
  if (filled + 4 > (int32_t)sizeof(block)) flush();
  quern_store(block + filled, 0, bits == 32 ? 32 : 8, element);
  filled += bits == 32 ? 4 : 1;
}

void trace_step(int32_t op, const QuernTensor* layout, const uint8_t* data, int32_t row_begin,
                int32_t row_end) {
  (void)op;
  for (int32_t y = row_begin; y < row_end; ++y) {
    const uint8_t* pixel = data + quern_row(layout, y);
    for (int32_t x = 0; x < layout->width; ++x) {
      for (int32_t c = 0; c < layout->channels; ++c) {
        put(model_element(pixel, c, layout->bits), layout->bits);
      }
      pixel += layout->pixel_bytes;
    }
  }
}

int main(void) {
  for (int32_t i = 0; i < MODEL_INPUTS; ++i) {
    if (read_input(&model_inputs[i]) != 0) return 2;
  }
  filled = 0;
  model_run(arena);
  flush();
  return 0;
}
