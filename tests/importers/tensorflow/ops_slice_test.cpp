#include <gtest/gtest.h>

#include "quern/importers/tensorflow/ops.h"
#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

struct Slice {
  std::vector<std::int32_t> begin;
  std::vector<std::int32_t> end;
  std::vector<std::int32_t> step;
  std::map<std::string, std::int64_t> masks;
};

std::string strided(const Slice& slice) {
  TensorflowGraph file;
  file.input("x", {2, 4, 5, 6});
  file.integers("begin", slice.begin);
  file.integers("end", slice.end);
  file.integers("step", slice.step);
  auto* node = file.node("StridedSlice", "y", {"x", "begin", "end", "step"});
  for (const auto& [key, mask] : slice.masks) TensorflowGraph::attribute(node, key).set_i(mask);
  return to_string(output_dims(file.import()));
}

TEST(TensorflowOpsSlice, ReadsRangesAndMasks) {
  EXPECT_EQ(strided({{0, 1}, {0, 3}, {1, 1}, {{"begin_mask", 1}, {"end_mask", 1}}}),
            "[2, 2, 5, 6]");
  EXPECT_EQ(strided({{0, 0}, {0, 0}, {1, -1}, {{"begin_mask", 3}, {"end_mask", 3}}}),
            "[2, 4, 5, 6]");
  EXPECT_EQ(strided({{1, -1}, {2, 0}, {1, 1}, {{"shrink_axis_mask", 3}}}), "[5, 6]");
  EXPECT_EQ(strided({{0, 1}, {0, 5}, {1, 2}, {{"ellipsis_mask", 1}}}), "[2, 4, 5, 2]");
  EXPECT_EQ(strided({{0, 0, 2},
                     {0, 0, 3},
                     {1, 1, 1},
                     {{"ellipsis_mask", 1}, {"new_axis_mask", 2}, {"shrink_axis_mask", 4}}}),
            "[2, 4, 5, 1]");
}

TEST(TensorflowOpsSlice, RefusesMoreAxesThanThereAre) {
  test::expect_error(ErrorCode::kParse, "layer 'y' (StridedSlice): it indexes 5 axes of 4", [] {
    strided({{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, {}});
  });
  test::expect_error(ErrorCode::kParse, "it has 1 begins, 2 ends and 1 steps", [] {
    strided({{0}, {1, 1}, {1}, {}});
  });
  test::expect_error(ErrorCode::kParse, "layer 'y'", [] { strided({{0}, {1}, {0}, {}}); });
}

TEST(TensorflowOpsSlice, ReadsBeginsAndSizes) {
  TensorflowGraph file;
  file.input("x", {2, 4, 5, 6});
  file.integers("begin", {0, 1, 0, 2});
  file.integers("size", {-1, 2, 5, -1});
  file.node("Slice", "y", {"x", "begin", "size"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[2, 2, 5, 4]");
  file.proto.mutable_node(1)->mutable_attr()->at("value").mutable_tensor()->set_int_val(0, -1);
  test::expect_error(ErrorCode::kParse, "it takes -1 elements from element -1 on",
                     [&] { file.import(); });
}

TensorflowGraph split(std::int64_t count) {
  TensorflowGraph file;
  file.input("x", {2, 6});
  file.integer("axis", -1);
  TensorflowGraph::attribute(file.node("Split", "parts", {"axis", "x"}), "num_split").set_i(count);
  file.node("Relu", "y", {"parts:1"});
  return file;
}

TEST(TensorflowOpsSlice, SplitsIntoEqualParts) {
  EXPECT_EQ(to_string(output_dims(split(3).import())), "[2, 2]");
  test::expect_error(ErrorCode::kParse, "it splits an extent of 6 into 4 equal parts",
                     [] { split(4).import(); });
  test::expect_error(ErrorCode::kParse, "into 4611686018427387904 equal parts",
                     [] { split(std::int64_t{1} << 62).import(); });
  test::expect_error(ErrorCode::kUnsupported,
                     "layer 'y' (Relu): it reads output 1 of 'parts' (Split), of which quern "
                     "computes 1",
                     [] { split(1).import(); });
}

std::string split_v(const std::vector<std::int32_t>& sizes) {
  TensorflowGraph file;
  file.input("x", {2, 6});
  file.integers("sizes", sizes);
  file.integer("axis", 1);
  file.node("SplitV", "parts", {"x", "sizes", "axis"});
  file.node("Relu", "y", {"parts:1"});
  return to_string(output_dims(file.import()));
}

TEST(TensorflowOpsSlice, SplitsIntoPartsOfGivenSizes) {
  EXPECT_EQ(split_v({2, 4}), "[2, 4]");
  EXPECT_EQ(split_v({1, -1, 2}), "[2, 3]");
  test::expect_error(ErrorCode::kParse, "it leaves the size of more than one part open", [] {
    split_v({-1, -1});
  });
  test::expect_error(ErrorCode::kParse, "it splits an extent of 6 and takes 7", [] {
    split_v({7, -1});
  });
  test::expect_error(ErrorCode::kParse, "layer 'parts'", [] { split_v({2, 2}); });
}

}  // namespace
}  // namespace quern::tensorflow
