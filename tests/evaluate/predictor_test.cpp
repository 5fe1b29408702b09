#include "quern/evaluate/predictor.h"

#include <gtest/gtest.h>

#include "quern/executor/plan.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

TEST(Predictor, AnswersAsThePlanOfItsGraph) {
  test::Network net(3, 8, 1);
  const Graph graph = net.finish({net.head("fc", net.conv("conv", net.input()))});
  Batch batch{.samples = {0, 1}, .images = Tensor(DType::kFloat32, {2, 3, 8, 8})};
  batch.images.mutable_data<float>()[7] = 1;
  const auto network = predictor(graph);
  EXPECT_EQ(network->logits(batch), Plan(graph).run({batch.images}).at(0));
  EXPECT_EQ(network->bytes_per_sample(), Plan(graph).bytes_per_sample());
}

TEST(Predictor, RefusesWhatGivesNoLogits) {
  test::Network net(3, 8, 1);
  const Graph graph = net.finish({net.conv("conv", net.input())});
  test::expect_error(ErrorCode::kUnsupported, "expected float32 logits [N, classes]",
                     [&] { predictor(graph); });
}

}  // namespace
}  // namespace quern
