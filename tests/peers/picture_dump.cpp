// picture_dump LIST RESIZE CROP BGR: for every picture of LIST writes to stdout its width and
// height (int32), its decoded pixels, and the [3, CROP, CROP] floats that preprocess makes of them.
// RESIZE 0 means none.
#include <cstdio>
#include <cstdlib>

#include "quern/data/image.h"
#include "quern/data/image_list.h"

namespace {

template <class T>
void write(std::span<const T> values) {
  std::fwrite(values.data(), sizeof(T), values.size(), stdout);
}

void dump(const char* list, const quern::Preprocessing& how) {
  std::vector<float> input(std::size_t{3} * how.crop * how.crop);
  for (const quern::Sample& sample : quern::read_image_list(list)) {
    const quern::Image image = quern::decode_image(sample.path);
    quern::preprocess(image, how, input);
    const std::int32_t extents[] = {image.width, image.height};
    write<std::int32_t>(extents);
    write<std::uint8_t>(image.pixels);
    write<float>(input);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return EXIT_FAILURE;
  quern::Preprocessing how;
  const int side = std::atoi(argv[2]);
  how.resize = side > 0 ? std::optional(side) : std::nullopt;
  how.crop = std::atoi(argv[3]);
  how.bgr = std::atoi(argv[4]) != 0;
  try {
    dump(argv[1], how);
  } catch (const quern::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
