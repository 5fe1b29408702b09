#include "quern/kernels/streamed_output.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace quern {
namespace {

constexpr std::int64_t kHuge = 1 << 23;

TEST(StreamedOutput, WritesSmallTensorsInPlace) {
  std::vector<float> memory(8);
  StreamedOutput output(memory.data(), 8, 4);
  EXPECT_EQ(output.tile(4), memory.data() + 4);
  *output.tile(4) = 3;
  output.finish(4, 4, active_isa());
  EXPECT_EQ(memory[4], 3);
}

TEST(StreamedOutput, WritesHugeTensorsTileByTile) {
  std::vector<float> memory(8);
  StreamedOutput output(memory.data(), kHuge, 4);
  std::fill_n(output.tile(2), 3, 7.0F);
  EXPECT_EQ(memory[2], 0);
  output.finish(2, 3, active_isa());
  EXPECT_EQ(memory, (std::vector<float>{0, 0, 7, 7, 7, 0, 0, 0}));
}

TEST(StreamedOutput, DropsWhatNobodyAsksFor) {
  StreamedOutput output(nullptr, 8, 4);
  *output.tile(0) = 1;
  output.finish(0, 4, active_isa());
}

TEST(StreamedOutput, CopiesFromAnyPlaceToAnyOther) {
  std::vector<float> from(100);
  std::iota(from.begin(), from.end(), 1.0F);
  for (const Isa isa : available_isas()) {
    for (std::int64_t offset = 0; offset < 17; ++offset) {
      for (const std::int64_t count : {0, 1, 7, 16, 33, 70}) {
        std::vector<float> to(100);
        copy_past_caches(from.data(), to.data() + offset, count, isa);
        std::vector<float> wanted(100);
        std::copy_n(from.begin(), count, wanted.begin() + offset);
        EXPECT_EQ(to, wanted) << name(isa);
      }
    }
  }
}

}  // namespace
}  // namespace quern
