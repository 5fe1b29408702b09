#include "quern/data/normalize.h"

#include <gmock/gmock.h>

#include <vector>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

/// Subtracts 1, 2 and 3 from the channels in the network's order.
Preprocessing shifted(bool bgr) {
  Preprocessing how;
  how.scale = 1;
  how.mean = {1, 2, 3};
  how.std = {1, 1, 1};
  how.bgr = bgr;
  return how;
}

std::vector<float> applied(const Preprocessing& how, const std::vector<std::uint8_t>& from,
                           Layout from_layout, Layout to_layout) {
  std::vector<float> to(from.size());
  Normalization(how).apply(from, from_layout, to, to_layout);
  return to;
}

TEST(Normalization, MovesBetweenLayouts) {
  const std::vector<std::uint8_t> interleaved = {10, 20, 30, 11, 21, 31};
  const std::vector<std::uint8_t> planes = {10, 11, 20, 21, 30, 31};
  const Preprocessing how = shifted(false);
  for (const auto& [from, layout] :
       {std::pair(interleaved, Layout::kNhwc), std::pair(planes, Layout::kNchw)}) {
    EXPECT_THAT(applied(how, from, layout, Layout::kNhwc), ElementsAre(9, 18, 27, 10, 19, 28));
    EXPECT_THAT(applied(how, from, layout, Layout::kNchw), ElementsAre(9, 10, 18, 19, 27, 28));
  }
}

TEST(Normalization, ReadsBlueFirstWhereTheNetworkDoes) {
  EXPECT_THAT(applied(shifted(true), {10, 20, 30}, Layout::kNhwc, Layout::kNhwc),
              ElementsAre(29, 18, 7));
}

TEST(Normalization, RefusesAnotherSize) {
  std::vector<float> to(2);
  expect_error(ErrorCode::kInvalidArgument, "3 pixel values do not fit into 2 floats", [&] {
    Normalization(Preprocessing{})
        .apply(std::vector<std::uint8_t>(3), Layout::kNhwc, to, Layout::kNhwc);
  });
}

}  // namespace
}  // namespace quern
