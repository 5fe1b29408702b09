#include "quern/runtime/tensor.h"

#include <gmock/gmock.h>

#include "tests/support/codes.h"

namespace quern {
namespace {

TEST(Tensor, PacksCodesFromTheLowBitsUp) {
  test::Codes codes = test::codes(test::layout(1, 1, 5, 2));
  codes.values = {1, 2, 3, 0, 3};
  EXPECT_THAT(test::pack(codes), testing::ElementsAre(0b00111001, 0b11));
  codes = test::codes(test::layout(1, 2, 3, 4));
  codes.values = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(test::pack(codes), testing::ElementsAre(0x21, 0x03, 0x54, 0x06));
}

TEST(Tensor, HoldsAccumulators) {
  std::uint8_t pixel[8];
  quern_store(pixel, 0, 32, 7);
  quern_store(pixel, 1, 32, INT32_MIN);
  const test::Codes codes = test::unpack(test::layout(1, 1, 2, 32), {pixel, pixel + 8});
  EXPECT_THAT(codes.values, testing::ElementsAre(7, INT32_MIN));
}

TEST(Tensor, UsesFewRowsInRotation) {
  QuernTensor tensor = test::layout(7, 2, 3, 8);
  EXPECT_EQ(quern_row(&tensor, 5), 30);
  tensor.rows = 3;
  EXPECT_EQ(quern_row(&tensor, 2), 12);
  EXPECT_EQ(quern_row(&tensor, 5), 12);
}

}  // namespace
}  // namespace quern
