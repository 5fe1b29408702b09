#include "quern/graph/quantizer.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(QuantizerKind, NamesGoBothWays) {
  for (const QuantizerKind kind :
       {QuantizerKind::kCalibrated, QuantizerKind::kConstant, QuantizerKind::kDerived}) {
    EXPECT_EQ(quantizer_kind_from(name(kind)), kind);
  }
  test::expect_error(ErrorCode::kParse, "'learned' is not a quantizer kind",
                     [] { quantizer_kind_from("learned"); });
}

}  // namespace
}  // namespace quern
