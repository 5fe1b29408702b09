#include "quern/engine/interpreter.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"

namespace quern {
namespace {

/// Inputs as bytes, and outputs of the right size.
struct Buffers {
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<IntBuffer> inputs, outputs;

  Buffers(const IntModel& model, const std::vector<test::Codes>& codes) {
    bytes.reserve(model.inputs.size() + model.outputs.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      bytes.emplace_back(codes[i].values.begin(), codes[i].values.end());
      inputs.push_back(buffer_for(tensor(model, model.inputs[i].tensor), bytes.back().data()));
    }
    for (const TensorIndex output : model.outputs) {
      const IntTensor& t = tensor(model, output);
      bytes.emplace_back(
          static_cast<std::size_t>(t.height * t.width * t.channels * (t.bits == 32 ? 4 : 1)));
      outputs.push_back(buffer_for(t, bytes.back().data()));
    }
  }

  static const IntTensor& tensor(const IntModel& model, TensorIndex index) {
    return model.tensors.at(static_cast<std::size_t>(index));
  }

  std::vector<std::int32_t> output(std::size_t position) const {
    const std::vector<std::uint8_t>& data = bytes[inputs.size() + position];
    if (outputs[position].element_bytes == 1) return {data.begin(), data.end()};
    std::vector<std::int32_t> values(data.size() / 4);
    std::memcpy(values.data(), data.data(), data.size());
    return values;
  }
};

/// Runs a model and compares every tensor that an op computes, and the outputs.
void expect_formulas(const IntModel& model, std::uint64_t seed) {
  const std::vector<test::Codes> inputs = test::random_inputs(model, seed);
  const std::vector<test::Codes> expected = test::evaluate_slowly(model, inputs);
  Interpreter interpreter(model);
  Buffers buffers(model, inputs);
  std::map<OpIndex, std::vector<std::int32_t>> tapped;
  const RunStatus status =
      interpreter.run(buffers.inputs, buffers.outputs, [&](const StepResult& step) {
        const std::vector<std::int32_t> rows = elements(step);
        std::vector<std::int32_t>& all = tapped[step.op];
        all.insert(all.end(), rows.begin(), rows.end());
      });
  ASSERT_TRUE(status.ok) << status.message;
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    const auto output = static_cast<std::size_t>(model.ops[i].output);
    EXPECT_EQ(tapped[static_cast<OpIndex>(i)], expected[output].values) << model.ops[i].layer;
  }
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const auto output = static_cast<std::size_t>(model.outputs[i]);
    EXPECT_EQ(buffers.output(i), expected[output].values);
  }
}

TEST(Interpreter, EqualsTheFormulasLayerByLayer) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    expect_formulas(test::every_op(100 * seed), seed);
  }
}

TEST(Interpreter, RunsTwiceAlike) {
  const IntModel model = test::every_op(7);
  const std::vector<test::Codes> inputs = test::random_inputs(model, 8);
  Interpreter interpreter(model);
  Buffers first(model, inputs), second(model, inputs);
  EXPECT_TRUE(interpreter.run(first.inputs, first.outputs).ok);
  EXPECT_TRUE(interpreter.run(second.inputs, second.outputs).ok);
  EXPECT_EQ(first.bytes, second.bytes);
}

TEST(Interpreter, StreamsRowsThroughBuffersOfAFew) {
  const IntModel model = test::streamed_rows(9);
  EXPECT_EQ(model.memory.tensors[1].rows, 3);
  EXPECT_EQ(model.memory.tensors[2].rows, 3);
  expect_formulas(model, 10);
}

TEST(Interpreter, SaysWhatIsWrongWithABuffer) {
  const IntModel model = test::every_op(11);
  Interpreter interpreter(model);
  Buffers buffers(model, test::random_inputs(model, 12));
  const auto refusal = [&](auto&& change) {
    Buffers changed = buffers;
    change(changed);
    const RunStatus status = interpreter.run(changed.inputs, changed.outputs);
    EXPECT_FALSE(status.ok);
    return std::string(status.message);
  };
  EXPECT_EQ(refusal([](Buffers& b) { b.inputs.clear(); }),
            "0 inputs and 2 outputs are given, expected 1 and 2");
  EXPECT_EQ(refusal([](Buffers& b) { b.inputs[0].width = 10; }),
            "tensor 't0' is 9x10x3, expected 9x11x3");
  EXPECT_EQ(refusal([](Buffers& b) { b.inputs[0].data = nullptr; }), "tensor 't0' has no data");
  EXPECT_EQ(refusal([](Buffers& b) { b.outputs[0].element_bytes = 1; }),
            "an element of tensor 't14' has 1 bytes, expected 4");
}

TEST(Interpreter, RefusesCodesThatBitsDoNotHold) {
  test::IntNetwork net(13);
  const TensorIndex input = net.input(2, 2, 1, 4);
  const IntModel model = net.finish({net.lookup(input, 4)});
  Interpreter interpreter(model);
  Buffers buffers(model, test::random_inputs(model, 14));
  buffers.bytes[0][3] = 16;
  EXPECT_STREQ(interpreter.run(buffers.inputs, buffers.outputs).message,
               "element 3 of tensor 't0' is 16, expected a code of 4 bits");
}

TEST(Interpreter, RefusesAModelThatIsNotWellFormed) {
  IntModel model = test::every_op(15);
  model.schedule.pop_back();
  test::expect_error(ErrorCode::kParse, "output 14 is not computed",
                     [&] { const Interpreter interpreter(model); });
}

}  // namespace
}  // namespace quern
