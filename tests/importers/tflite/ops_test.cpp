#include "quern/importers/tflite/ops.h"

#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "quern/ops/op_def.h"
#include "tests/support/random_tflite.h"

namespace quern {
namespace {

using tflite::BuiltinOperator;

TEST(TfliteOps, AreFoundByTheirCode) {
  const TfliteOpDef* def = find_tflite_op(BuiltinOperator::CONV_2D);
  ASSERT_NE(def, nullptr);
  EXPECT_EQ(def->op, BuiltinOperator::CONV_2D);
  EXPECT_TRUE(def->form.has_weight);
  EXPECT_EQ(find_tflite_op(BuiltinOperator::LSTM), nullptr);
}

TEST(TfliteOps, NameTheNearestThatIsRead) {
  EXPECT_EQ(nearest_tflite_op(BuiltinOperator::MAXIMUM), "MAXIMUM");
  EXPECT_EQ(nearest_tflite_op(BuiltinOperator::CONV_3D), "CONV_2D");
}

/// The graph's output is what TFLite says: infer_shapes and verify hold for every op and form.
TEST(TfliteOps, AreReadInEveryForm) {
  for (const std::string_view op : test::random_tflite_ops()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const Graph graph = import_tflite(test::random_tflite(op, seed).bytes(), "a");
      EXPECT_FALSE(graph.outputs().empty()) << op << seed;
      for (const ValueId output : graph.outputs()) {
        EXPECT_TRUE(graph.value(output).dims.has_value()) << op << seed;
      }
    }
  }
}

}  // namespace
}  // namespace quern
