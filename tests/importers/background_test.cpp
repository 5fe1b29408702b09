#include "quern/importers/background.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

/// The label offset of a network with one output of these extents.
std::int64_t label_offset(const Dims& dims) {
  Graph graph;
  graph.add_output(graph.add_input("x", DType::kFloat32, dims));
  const bool has_background = recognize_background(graph);
  EXPECT_EQ(has_background, graph.label_offset == 1);
  return graph.label_offset;
}

TEST(Background, IsTheFirstOf1001Classes) {
  EXPECT_EQ(label_offset({{-1, "N"}, {1001}}), 1);
  EXPECT_EQ(label_offset({{1}, {1}, {1}, {1001}}), 1);
}

TEST(Background, IsNotInOtherOutputs) {
  for (const Dims& dims : {Dims{{-1, "N"}, {1000}}, Dims{{1001}, {5}}, Dims{}}) {
    EXPECT_EQ(label_offset(dims), 0) << to_string(dims);
  }
}

}  // namespace
}  // namespace quern
