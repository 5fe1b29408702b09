#include "quern/lower/refusal.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(Refusal, NamesLayerOpReasonAndTheNearestThing) {
  const Node node{.layer = "up1", .op = "Resize"};
  test::expect_error(
      ErrorCode::kUnsupported,
      "cannot lower layer 'up1' (Resize): linear resizing; the mode 'nearest' can be lowered",
      [&] { refuse(node, "linear resizing", "the mode 'nearest' can be lowered"); });
}

}  // namespace
}  // namespace quern
