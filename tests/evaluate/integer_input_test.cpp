#include "quern/evaluate/integer_input.h"

#include <gmock/gmock.h>

#include "quern/data/normalize.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;

IntModel model(InputKind kind, std::int32_t channels = 3) {
  return {.tensors = {{.name = "x",
                       .height = 1,
                       .width = 2,
                       .channels = channels,
                       .bits = 8,
                       .scale = {0.5F},
                       .zero_point = 128}},
          .inputs = {{.tensor = 0, .kind = kind}}};
}

TEST(IntegerInput, FindsThePixelsThatPreprocessingRead) {
  const Preprocessing how{.bgr = true};
  const Normalization values(how);
  const IntegerInput input(model(InputKind::kPixels), how);
  for (std::size_t pixel = 0; pixel < 256; ++pixel) {
    std::vector<float> picture;
    for (std::size_t c = 0; c < 3; ++c) {
      picture.push_back(values.table(c)[pixel]);
      picture.push_back(values.table(c)[255 - pixel]);
    }
    const auto a = static_cast<std::uint8_t>(pixel);
    const auto b = static_cast<std::uint8_t>(255 - pixel);
    EXPECT_THAT(input.of(picture), ElementsAre(a, a, a, b, b, b));
  }
}

TEST(IntegerInput, RoundsToCodes) {
  const IntegerInput input(model(InputKind::kCodes), {});
  const std::vector<float> picture = {0, 0.6F, -1, 100, -100, 0.25F};
  EXPECT_THAT(input.of(picture), ElementsAre(128, 126, 0, 129, 255, 128));
}

TEST(IntegerInput, RefusesWhatIsNoPicture) {
  test::expect_error(ErrorCode::kUnsupported, "the first, 'x', with 1 channels",
                     [] { IntegerInput(model(InputKind::kCodes, 1), {}); });
  const IntegerInput input(model(InputKind::kCodes), {});
  test::expect_error(ErrorCode::kInvalidArgument, "a picture of 5 values",
                     [&] { input.of(std::vector<float>(5)); });
}

}  // namespace
}  // namespace quern
