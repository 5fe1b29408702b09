#include "quern/runtime/move.h"

#include <gmock/gmock.h>

#include "tests/support/codes.h"

namespace quern {
namespace {

TEST(Move, ConcatPutsChannelsSideBySide) {
  for (const std::int32_t bits : {8, 4, 2}) {
    const test::Codes a = test::random_codes(test::layout(3, 4, 3, bits), 1);
    const test::Codes b = test::random_codes(test::layout(3, 4, 6, bits, 2), 2);
    const QuernTensor output = test::layout(3, 4, 9, bits, 1);
    std::vector<std::uint8_t> to(test::buffer_bytes(output), 0xa5);
    const QuernConcat first = {a.layout, output, 0};
    const QuernConcat second = {b.layout, output, 3};
    for (std::int32_t y = 0; y < 3; ++y) {
      quern_concat(&first, test::pack(a).data(), to.data(), y, y + 1);
      quern_concat(&second, test::pack(b).data(), to.data(), y, y + 1);
    }
    const test::Codes result = test::unpack(output, to);
    for (std::int32_t y = 0; y < 3; ++y) {
      for (std::int32_t x = 0; x < 4; ++x) {
        for (std::int32_t c = 0; c < 9; ++c) {
          EXPECT_EQ(result.at(y, x, c), c < 3 ? a.at(y, x, c) : b.at(y, x, c - 3));
        }
      }
    }
  }
}

TEST(Move, PadFillsAndCuts) {
  for (const std::int32_t bits : {8, 4, 2}) {
    const test::Codes input = test::random_codes(test::layout(4, 5, 3, bits, 1), 3);
    const QuernTensor output = test::layout(6, 4, 3, bits);
    const QuernPad pad = {input.layout, output, 1, -2, 2};
    std::vector<std::uint8_t> to(test::buffer_bytes(output), 0xa5);
    quern_pad(&pad, test::pack(input).data(), to.data(), 0, 2);
    quern_pad(&pad, test::pack(input).data(), to.data(), 2, 6);
    const test::Codes result = test::unpack(output, to);
    for (std::int32_t y = 0; y < 6; ++y) {
      for (std::int32_t x = 0; x < 4; ++x) {
        for (std::int32_t c = 0; c < 3; ++c) {
          const bool is_inside = y >= 1 && y < 5 && x < 3;
          EXPECT_EQ(result.at(y, x, c), is_inside ? input.at(y - 1, x + 2, c) : 2);
        }
      }
    }
  }
}

TEST(Move, ResizeRepeatsAndDrops) {
  const std::vector<std::uint16_t> row = {0, 0, 1, 1, 3};
  const std::vector<std::uint16_t> column = {4, 0, 2};
  for (const std::int32_t bits : {8, 4, 2}) {
    const test::Codes input = test::random_codes(test::layout(4, 5, 3, bits), 4);
    const QuernTensor output = test::layout(5, 3, 3, bits, 1);
    const QuernResize resize = {input.layout, output, row.data(), column.data()};
    std::vector<std::uint8_t> to(test::buffer_bytes(output), 0xa5);
    quern_resize(&resize, test::pack(input).data(), to.data(), 0, 3);
    quern_resize(&resize, test::pack(input).data(), to.data(), 3, 5);
    const test::Codes result = test::unpack(output, to);
    for (std::int32_t y = 0; y < 5; ++y) {
      for (std::int32_t x = 0; x < 3; ++x) {
        for (std::int32_t c = 0; c < 3; ++c) {
          EXPECT_EQ(result.at(y, x, c), input.at(row[static_cast<std::size_t>(y)],
                                                 column[static_cast<std::size_t>(x)], c));
        }
      }
    }
  }
}

}  // namespace
}  // namespace quern
