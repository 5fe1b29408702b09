// Runs an integer network on a picture and prints what it answers, largest first.
//
//   classify NETWORK.quern [PICTURE.ppm]
//
// The picture is a binary PPM of the size that the network reads; without one, a gradient is made.
#include <stdio.h>
#include <stdlib.h>

#include "quern/engine/engine.h"

static size_t elements(QuernTensorInfo info) {
  return (size_t)info.height * (size_t)info.width * (size_t)info.channels;
}

/// Fills RGB pixels from a file. @return 0 unless it is a PPM of that size.
static int read_ppm(const char* path, QuernTensorInfo info, unsigned char* pixels) {
  FILE* file = fopen(path, "rb");
  int width = 0, height = 0, largest = 0, ok = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "P6 %d %d %d", &width, &height, &largest) == 3 && width == info.width &&
      height == info.height && largest == 255 && info.channels == 3 && fgetc(file) != EOF) {
    ok = fread(pixels, 1, elements(info), file) == elements(info);
  }
  fclose(file);
  return ok;
}

static void swap_red_and_blue(unsigned char* pixels, size_t count) {
  for (size_t i = 0; i + 2 < count; i += 3) {
    const unsigned char red = pixels[i];
    pixels[i] = pixels[i + 2];
    pixels[i + 2] = red;
  }
}

/// The real value of an element.
static double value_at(const void* data, QuernTensorInfo info, size_t at) {
  const double code = info.type == kQuernInt32 ? (double)((const int32_t*)data)[at]
                                               : (double)((const uint8_t*)data)[at];
  const size_t channel = at % (size_t)info.channels;
  return (code - info.zero_point) * (double)info.scale[info.scales > 1 ? channel : 0];
}

static void print_largest(const void* data, QuernTensorInfo info, int count) {
  double below = 1e300;
  for (int i = 0; i < count; ++i) {
    size_t best = elements(info);
    for (size_t at = 0; at < elements(info); ++at) {
      const double value = value_at(data, info, at);
      if (value < below && (best == elements(info) || value > value_at(data, info, best)))
        best = at;
    }
    if (best == elements(info)) return;
    below = value_at(data, info, best);
    printf("%s %zu: %g\n", info.name, best, below);
  }
}

int main(int count, char** arguments) {
  QuernEngine* engine;
  QuernMessage message;
  if (count < 2 || quern_engine_open(arguments[1], &engine, &message) != kQuernOk) {
    fprintf(stderr, "classify: %s\n", count < 2 ? "name a .quern file" : message.message);
    return 1;
  }
  const QuernTensorInfo input = quern_engine_input(engine, 0);
  unsigned char* pixels = malloc(elements(input));
  if (count > 2 && !read_ppm(arguments[2], input, pixels)) {
    fprintf(stderr, "classify: %s is no PPM of %dx%d pixels\n", arguments[2], (int)input.width,
            (int)input.height);
    return 1;
  }
  for (size_t i = 0; count <= 2 && i < elements(input); ++i) {
    pixels[i] = (unsigned char)(i & ((1u << input.bits) - 1));
  }
  if (input.is_bgr) swap_red_and_blue(pixels, elements(input));

  // One buffer per output of the network.
  const size_t outputs = quern_engine_output_count(engine);
  QuernBuffer* results = calloc(outputs, sizeof(QuernBuffer));
  for (size_t i = 0; i < outputs; ++i) {
    const QuernTensorInfo info = quern_engine_output(engine, i);
    const QuernBuffer result = {calloc(elements(info), sizeof(int32_t)), info.type, info.height,
                                info.width, info.channels};
    results[i] = result;
  }
  const QuernBuffer picture = {pixels, kQuernUint8, input.height, input.width, input.channels};
  const QuernCode code = quern_engine_run(engine, &picture, 1, results, outputs, &message);
  if (code == kQuernOk) {
    print_largest(results[0].data, quern_engine_output(engine, 0), 5);
  } else {
    fprintf(stderr, "classify: %s\n", message.message);
  }

  for (size_t i = 0; i < outputs; ++i) free(results[i].data);
  free(results);
  free(pixels);
  quern_engine_close(engine);
  return code == kQuernOk ? 0 : 1;
}
