#include "quern/importers/tensorflow/ops.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

void import_op(const std::string& op) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.node(op, "net/odd", {"x"});
  file.node("Relu", "y", {"net/odd"});
  file.import();
}

TEST(TensorflowOps, NamesTheNearestOp) {
  test::expect_error(ErrorCode::kUnsupported,
                     "net.pb: layer 'net/odd' (Reluu): the op is not read (nearest: "
                     "'Relu')",
                     [] { import_op("Reluu"); });
}

TEST(TensorflowOps, SaysHowToFreezeVariables) {
  for (const char* op : {"VariableV2", "VarHandleOp", "ReadVariableOp"}) {
    test::expect_error(ErrorCode::kUnsupported, "freeze it, so that they become constants",
                       [&] { import_op(op); });
  }
}

TEST(TensorflowOps, RefusesCallsAndControlFlow) {
  test::expect_error(ErrorCode::kUnsupported,
                     "layer 'net/odd' (StatefulPartitionedCall): calls of functions are not read",
                     [] { import_op("StatefulPartitionedCall"); });
  for (const char* op : {"Switch", "Merge", "While", "StatelessIf"}) {
    test::expect_error(ErrorCode::kUnsupported, "control flow is not read", [&] { import_op(op); });
  }
}

TEST(TensorflowOps, ListsEachOpOnce) {
  std::vector<std::string_view> names;
  for (const auto family : {arithmetic_rules(), conv_rules(), pool_rules(), quant_rules(),
                            resize_rules(), shape_rules(), slice_rules(), source_rules()}) {
    for (const Rule& rule : family) names.push_back(rule.op);
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace quern::tensorflow
