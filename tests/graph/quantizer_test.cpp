#include "quern/graph/quantizer.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(QuantizerKind, NamesGoBothWays) {
  for (const QuantizerKind kind :
       {QuantizerKind::kCalibrated, QuantizerKind::kConstant, QuantizerKind::kDerived,
        QuantizerKind::kMinMax, QuantizerKind::kLsq, QuantizerKind::kPact}) {
    EXPECT_EQ(quantizer_kind_from(name(kind)), kind);
  }
  EXPECT_EQ(name(QuantizerKind::kMinMax), "min_max");
  test::expect_error(ErrorCode::kParse, "'learned' is not a quantizer kind",
                     [] { quantizer_kind_from("learned"); });
}

TEST(QuantizerKind, IsTrainableWhereTrainingChangesTheScale) {
  for (const QuantizerKind kind :
       {QuantizerKind::kMinMax, QuantizerKind::kLsq, QuantizerKind::kPact}) {
    EXPECT_TRUE(is_trainable(kind)) << name(kind);
  }
  for (const QuantizerKind kind :
       {QuantizerKind::kCalibrated, QuantizerKind::kConstant, QuantizerKind::kDerived}) {
    EXPECT_FALSE(is_trainable(kind)) << name(kind);
  }
}

}  // namespace
}  // namespace quern
