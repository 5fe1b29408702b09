#include "quern/evaluate/integer_network.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"

namespace quern {
namespace {

/// Pictures of 4x4 pixels into 5 answers.
IntModel classifier() {
  test::IntNetwork network(1);
  const TensorIndex input = network.input(4, 4, 3, 8);
  const TensorIndex conv = network.conv(input, 4, 3, 1, 8, 8);
  return network.finish({network.fully_connected(conv, 5, 8)});
}

Batch batch_of(std::int64_t pictures) {
  Batch batch{.samples = std::vector<std::size_t>(static_cast<std::size_t>(pictures)),
              .images = Tensor(DType::kFloat32, {pictures, 3, 4, 4})};
  float value = -3;
  for (float& x : batch.images.mutable_data<float>()) x = value += 0.1F;
  return batch;
}

TEST(IntegerNetwork, AnswersWithTheRealValuesOfItsIntegers) {
  const IntModel model = classifier();
  const IntegerNetwork network(model, {});
  const Batch batch = batch_of(2);
  const Tensor logits = network.logits(batch);
  ASSERT_EQ(logits.shape(), (Shape{2, 5}));
  const IntTensor& output = model.tensors[static_cast<std::size_t>(model.outputs[0])];
  const auto second = network.run(batch.images.data<float>().subspan(48)).at(0);
  EXPECT_THAT(std::vector<float>(logits.data<float>().begin() + 5, logits.data<float>().end()),
              testing::ElementsAreArray(real_values(output, second)));
  EXPECT_EQ(network.bytes_per_sample(), model.memory.arena_bytes);
}

TEST(IntegerNetwork, GivesRealValues) {
  const IntTensor tensor{.channels = 2, .scale = {0.5F, 2}, .zero_point = 1};
  const std::vector<std::int32_t> integers = {1, 3, 0, 1};
  EXPECT_THAT(real_values(tensor, integers), testing::ElementsAre(0, 4, -0.5F, 0));
}

TEST(IntegerNetwork, RefusesAPictureAsAnswer) {
  test::IntNetwork builder(1);
  const TensorIndex input = builder.input(4, 4, 3, 8);
  const IntegerNetwork network(builder.finish({builder.max_pool(input)}), {});
  test::expect_error(ErrorCode::kUnsupported, "expected one row of logits",
                     [&] { network.logits(batch_of(1)); });
}

}  // namespace
}  // namespace quern
