#include "quern/engine/schedule.h"

#include <gmock/gmock.h>

#include "tests/support/int_network.h"

namespace quern {
namespace {

TEST(Schedule, RunsLayersInOrder) {
  const IntModel model = test::every_op(1);
  const std::vector<IntStep> schedule = schedule_layers(model);
  ASSERT_EQ(schedule.size(), model.ops.size());
  EXPECT_EQ(schedule[1], (IntStep{1, 0, 5}));
}

TEST(Schedule, KnowsTheRowsThatAnOpReads) {
  test::IntNetwork net(2);
  const TensorIndex input = net.input(9, 9, 2, 8);
  net.conv(input, 2, 3, 2, 8, 8);
  net.average_pool(input);
  net.pad(input);  // Two rows on top.
  net.resize(input, 3, 3);
  net.add(input, input, 8);
  const auto read = [&](OpIndex op, std::size_t position, RowRange output) {
    return rows_read(net.model, net.model.ops[static_cast<std::size_t>(op)], position, output);
  };
  EXPECT_EQ(read(0, 0, {0, 1}), (RowRange{0, 2}));
  EXPECT_EQ(read(0, 0, {2, 5}), (RowRange{3, 9}));
  EXPECT_EQ(read(1, 0, {4, 5}), (RowRange{3, 6}));
  EXPECT_EQ(read(2, 0, {4, 10}), (RowRange{2, 8}));
  EXPECT_GE(read(2, 0, {0, 2}).begin, read(2, 0, {0, 2}).end);
  EXPECT_EQ(read(3, 0, {1, 3}), (RowRange{3, 7}));
  EXPECT_EQ(read(4, 1, {3, 4}), (RowRange{3, 4}));
}

}  // namespace
}  // namespace quern
