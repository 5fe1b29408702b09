// Runs the network on the inputs of golden.h and compares what it answers with what quern's engine
// answered. The exit code is 0 where all elements are equal.

#include "golden.h"
#include "model.h"
#include "platform.h"

static uint32_t arena[(MODEL_ARENA_BYTES + 3) / 4];

static void write_input(const ModelTensor* input, const uint8_t* codes) {
  const QuernTensor* layout = &input->layout;
  for (int32_t y = 0; y < layout->height; ++y) {
    uint8_t* pixel = (uint8_t*)arena + input->offset + quern_row(layout, y);
    for (int32_t x = 0; x < layout->width; ++x) {
      for (int32_t c = 0; c < layout->channels; ++c) quern_store(pixel, c, layout->bits, *codes++);
      pixel += layout->pixel_bytes;
    }
  }
}

/// How many elements of an output are not the expected ones.
static int32_t count_differing(const ModelTensor* output, const int32_t* expected) {
  const QuernTensor* layout = &output->layout;
  int32_t differing = 0;
  for (int32_t y = 0; y < layout->height; ++y) {
    const uint8_t* pixel = (const uint8_t*)arena + output->offset + quern_row(layout, y);
    for (int32_t x = 0; x < layout->width; ++x) {
      for (int32_t c = 0; c < layout->channels; ++c) {
        differing += model_element(pixel, c, layout->bits) != *expected++;
      }
      pixel += layout->pixel_bytes;
    }
  }
  return differing;
}

static void write_number(int32_t number) {
  char digits[10];
  int32_t count = 0;
  do {
    digits[9 - count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  platform_write(digits + 10 - count, count);
}

int main(void) {
  static const char kOf[] = " of ", kDiffer[] = " elements differ from the engine's\n";
  int32_t differing = 0, elements = 0;
  for (int32_t i = 0; i < MODEL_INPUTS; ++i) write_input(&model_inputs[i], model_golden_inputs[i]);
  model_run(arena);
  for (int32_t i = 0; i < MODEL_OUTPUTS; ++i) {
    const QuernTensor* layout = &model_outputs[i].layout;
    elements += layout->height * layout->width * layout->channels;
    differing += count_differing(&model_outputs[i], model_golden_outputs[i]);
  }
  write_number(differing);
  platform_write(kOf, (int32_t)sizeof(kOf) - 1);
  write_number(elements);
  platform_write(kDiffer, (int32_t)sizeof(kDiffer) - 1);
  return differing != 0;
}
