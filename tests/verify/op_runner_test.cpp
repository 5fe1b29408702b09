#include "quern/verify/op_runner.h"

#include <gtest/gtest.h>

#include "tests/support/int_network.h"

namespace quern {
namespace {

TEST(OpRunner, ComputesWhatTheFormulasSay) {
  const IntModel model = test::every_op(/*seed=*/3);
  const std::vector<test::Codes> tensors =
      test::evaluate_slowly(model, test::random_inputs(model, /*seed=*/4));
  for (const IntOp& op : model.ops) {
    std::vector<const Integers*> inputs;
    for (const TensorIndex input : op.inputs) {
      inputs.push_back(&tensors[static_cast<std::size_t>(input)].values);
    }
    EXPECT_EQ(OpRunner(model, op).run(inputs), tensors[static_cast<std::size_t>(op.output)].values)
        << op.layer;
  }
}

TEST(OpRunner, ReadsOneTensorTwice) {
  test::IntNetwork network(1);
  const TensorIndex input = network.input(2, 2, 3, 8);
  const TensorIndex sum = network.add(input, input, 8);
  const IntModel model = network.finish({sum});
  const std::vector<test::Codes> tensors =
      test::evaluate_slowly(model, test::random_inputs(model, /*seed=*/2));
  const Integers& codes = tensors[static_cast<std::size_t>(input)].values;
  EXPECT_EQ(network_of(model, model.ops[0]).inputs.size(), 1U);
  EXPECT_EQ(OpRunner(model, model.ops[0]).run({&codes, &codes}),
            tensors[static_cast<std::size_t>(sum)].values);
}

}  // namespace
}  // namespace quern
