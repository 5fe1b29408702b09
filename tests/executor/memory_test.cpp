#include "quern/executor/internal/memory.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace quern {
namespace {

constexpr std::int64_t kLarge = 1 << 20;

TEST(KeepFreedMemory, GivesLargeTensorsTheMemoryOfFreedOnes) {
  keep_freed_memory();
  const void* freed = nullptr;
  {
    const at::Tensor first = at::full({kLarge}, 1.0F);
    freed = first.const_data_ptr();
  }
  // A small piece that outlives the first tensor is nowhere near it.
  const at::Tensor small = at::full({10}, 2.0F);
  const at::Tensor second = at::full({kLarge}, 3.0F);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT_EQ(second.const_data_ptr(), freed);
#endif
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.const_data_ptr()) % 64, 0);
}

TEST(KeepFreedMemory, KeepsTensorsApart) {
  keep_freed_memory();
  std::mt19937 generator(1);
  std::vector<at::Tensor> tensors;
  std::vector<float> values;
  for (int i = 0; i < 200; ++i) {
    const auto size = static_cast<std::int64_t>(1 + generator() % 100000);
    const auto value = static_cast<float>(i);
    if (tensors.size() > 20) {
      const std::size_t chosen = generator() % tensors.size();
      EXPECT_TRUE((tensors[chosen] == values[chosen]).all().item<bool>());
      tensors[chosen] = at::full({size}, value);
      values[chosen] = value;
    } else {
      tensors.push_back(at::full({size}, value));
      values.push_back(value);
    }
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_TRUE((tensors[i] == values[i]).all().item<bool>());
  }
}

}  // namespace
}  // namespace quern
