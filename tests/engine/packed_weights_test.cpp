#include "quern/engine/packed_weights.h"

#include <gmock/gmock.h>

#include "quern/base/random.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;

TEST(PackedWeights, EightBitsAlternateTheChannelsOfAPair) {
  const PackedWeights packed = pack_weights(std::vector<std::int32_t>{1, 2, 3, -1, -2, -3}, 2, 8);
  EXPECT_EQ(packed.depth, 3);
  EXPECT_THAT(packed.words, ElementsAre(0xfe02ff01u, 0x0000fd03u));
  EXPECT_TRUE(packed.zero.empty());
}

TEST(PackedWeights, FourBitsPutEvenWeightsInTheLowHalf) {
  const PackedWeights packed =
      pack_weights(std::vector<std::int32_t>{-8, -7, -6, -5, 0, 1, 2, 3}, 2, 4);
  EXPECT_THAT(packed.words, ElementsAre(0xb391a280u));
  EXPECT_THAT(packed.zero, ElementsAre(8, 8));
}

TEST(PackedWeights, AsymmetricChannelsGetTheirOwnZero) {
  EXPECT_THAT(pack_weights(std::vector<std::int32_t>{-250, 5}, 1, 8).zero, ElementsAre(122));
  EXPECT_THAT(pack_weights(std::vector<std::int32_t>{0, 3, 1, -1}, 2, 2).zero, ElementsAre(0, 2));
  EXPECT_THAT(pack_weights(std::vector<std::int32_t>{-1, 1, 0, 0}, 2, 1).zero, ElementsAre(1, 2));
}

TEST(PackedWeights, UnpackIsTheInverse) {
  Random random(2);
  for (const std::int32_t bits : {8, 4, 2, 1}) {
    for (const std::int32_t groups : {1, 3}) {
      for (std::int32_t depth = 1; depth < 20; ++depth) {
        const std::int32_t channels = groups * static_cast<std::int32_t>(random.integer(1, 5));
        std::vector<std::int32_t> weights;
        for (std::int32_t c = 0; c < channels; ++c) {
          const std::int64_t first = bits == 8 ? random.integer(-255, 0) : -(1 << bits >> 1);
          for (std::int32_t k = 0; k < depth; ++k) {
            const std::int64_t step = random.integer(0, (1 << bits) - 1);
            weights.push_back(static_cast<std::int32_t>(bits == 1 ? 2 * step - 1 : first + step));
          }
        }
        const PackedWeights packed = pack_weights(weights, channels, bits, groups);
        EXPECT_EQ(unpack_weights(packed), weights) << bits << " bits, depth " << depth;
        EXPECT_EQ(std::ssize(packed.words), word_count(packed));
      }
    }
  }
}

TEST(PackedWeights, RefusesWhatTheLayoutCannotHold) {
  const auto pack = [](std::vector<std::int32_t> weights, std::int32_t bits,
                       std::int32_t channels = 1, std::int32_t groups = 1) {
    return [=] { pack_weights(weights, channels, bits, groups); };
  };
  const ErrorCode code = ErrorCode::kInvalidArgument;
  test::expect_error(code, "8, 4, 2 or 1 bits, not 3", pack({1}, 3));
  test::expect_error(code, "at most 16 values, those of channel 0 go from -8 to 8",
                     pack({-8, 8}, 4));
  test::expect_error(code, "-1 or +1, channel 0 has 0 to 1", pack({0, 1}, 1));
  test::expect_error(code, "3 weights are not a whole number for each of 2", pack({1, 1, 1}, 8, 2));
  test::expect_error(code, "2 groups do not divide 3 channels", pack({1, 1, 1}, 8, 3, 2));
  test::expect_error(code, "within 2^15 of 0", pack({INT32_MIN}, 8));
}

}  // namespace
}  // namespace quern
