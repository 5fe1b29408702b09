#include "quern/lower/lower.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tests/support/random_graph.h"

namespace quern {
namespace {

TEST(Lower, KnowsItsWords) {
  for (const Fold fold : {Fold::kWeights, Fold::kIcn, Fold::kThresholds}) {
    EXPECT_EQ(fold_from(name(fold)), fold);
  }
  test::expect_error(ErrorCode::kInvalidArgument,
                     "fold 'bn' does not exist, expected weights, icn or thresholds",
                     [] { fold_from("bn"); });
  EXPECT_EQ(requantize_rounding_from("floor"), RequantizeRounding::kFloor);
  EXPECT_EQ(name(RequantizeRounding::kNearest), "nearest");
  test::expect_error(ErrorCode::kInvalidArgument, "rounding 'up' does not exist",
                     [] { requantize_rounding_from("up"); });
}

TEST(Lower, GivesIntegersOrAReasonForAnyGraph) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Graph graph = test::random_graph(seed);
    try {
      const LoweredModel found = lower(graph);
      EXPECT_EQ(found.model.outputs.size(), graph.outputs().size());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported) << seed << ": " << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr("cannot lower")) << seed;
    }
  }
}

}  // namespace
}  // namespace quern
