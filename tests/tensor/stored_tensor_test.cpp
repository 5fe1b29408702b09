#include "quern/tensor/stored_tensor.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(StoredTensor, DescribesWhatIsInMemory) {
  const Tensor codes = Tensor::of<std::int8_t>({2, 1}, {-1, 1});
  const StoredTensors listed = stored({{"codes", codes}});
  ASSERT_TRUE(listed.contains("codes"));
  EXPECT_EQ(listed.at("codes").dtype, DType::kInt8);
  EXPECT_EQ(listed.at("codes").shape, (Shape{2, 1}));
  EXPECT_EQ(listed.at("codes").read(), codes);
}

}  // namespace
}  // namespace quern
