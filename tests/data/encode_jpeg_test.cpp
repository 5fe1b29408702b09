#include "quern/data/encode_jpeg.h"

#include <gtest/gtest.h>

#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(EncodeJpeg, ComesBackFromTheDecoder) {
  // One colour: neither chroma subsampling nor the transform loses anything but a rounding.
  Image flat{.width = 20, .height = 12, .pixels = {}};
  for (int i = 0; i < 20 * 12; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});

  const Image found = decode_image(encode_jpeg(flat, 95), "flat");

  EXPECT_EQ(found.width, 20);
  EXPECT_EQ(found.height, 12);
  for (std::size_t i = 0; i < flat.pixels.size(); ++i) {
    ASSERT_NEAR(found.pixels[i], flat.pixels[i], 3);
  }
}

TEST(EncodeJpeg, RefusesWhatJpegCannotHold) {
  const Image picture = test::noise(2, 2);
  for (const int quality : {0, 101}) {
    test::expect_error(ErrorCode::kInvalidArgument, "quality",
                       [&] { encode_jpeg(picture, quality); });
  }
  test::expect_error(ErrorCode::kInvalidArgument, "0x0", [] { encode_jpeg({}, 90); });
  test::expect_error(ErrorCode::kInvalidArgument, "70000x1",
                     [] { encode_jpeg(test::noise(70000, 1), 90); });
}

}  // namespace
}  // namespace quern
