#include "quern/verify/c_program.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "quern/engine/interpreter.h"
#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"

namespace quern {
namespace {

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " > /dev/null").c_str()) == 0;
}

/// What the engine computes, by op.
std::vector<Integers> engine_integers(const IntModel& model, std::vector<std::uint8_t>& codes) {
  Interpreter interpreter(model);
  const auto tensor = [&](TensorIndex index) {
    return model.tensors.at(static_cast<std::size_t>(index));
  };
  const std::vector<IntBuffer> inputs = {buffer_for(tensor(model.inputs[0].tensor), codes.data())};
  std::vector<Integers> memory;
  std::vector<IntBuffer> outputs;
  memory.reserve(model.outputs.size());
  for (const TensorIndex output : model.outputs) {
    const IntTensor shape = tensor(output);
    memory.emplace_back(static_cast<std::size_t>(shape.height * shape.width * shape.channels));
    outputs.push_back(buffer_for(shape, memory.back().data()));
  }
  std::vector<Integers> values(model.ops.size());
  const RunStatus status = interpreter.run(inputs, outputs, [&](const StepResult& step) {
    const Integers rows = elements(step);
    Integers& all = values[static_cast<std::size_t>(step.op)];
    all.insert(all.end(), rows.begin(), rows.end());
  });
  EXPECT_TRUE(status.ok) << status.message;
  return values;
}

/// Builds a network with warnings as errors and holds every element of every op against the engine.
void expect_engine(const IntModel& model, CMachine machine,
                   const std::vector<std::string>& variables) {
  const CProgram program(model, machine, variables);
  for (const std::uint64_t seed : {1, 2}) {
    const test::Codes codes = test::random_inputs(model, seed).at(0);
    std::vector<std::uint8_t> bytes(codes.values.begin(), codes.values.end());
    const std::vector<Integers> computed = program.run(bytes);
    const std::vector<Integers> expected = engine_integers(model, bytes);
    ASSERT_EQ(computed.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(computed[i], expected[i]) << model.ops[i].layer;
    }
  }
}

constexpr const char* kSanitized =
    "CFLAGS=-O1 -Werror -fsanitize=address,undefined -fno-sanitize-recover=all";

TEST(CProgram, EqualsTheEngineInEveryLayer) {
  for (const std::uint64_t seed : {0, 100, 200}) {
    expect_engine(test::every_op(seed), CMachine::kHost, {kSanitized});
  }
  expect_engine(test::streamed_rows(9), CMachine::kHost, {kSanitized});
}

TEST(CProgram, EqualsTheEngineWhenClangCompilesIt) {
  if (!has_program("clang")) GTEST_SKIP() << "clang is not installed";
  expect_engine(test::every_op(300), CMachine::kHost, {"CC=clang", "CFLAGS=-O2 -Werror"});
}

TEST(CProgram, EqualsTheEngineOnACortexM4) {
  if (!has_program("arm-none-eabi-gcc") || !has_program("qemu-system-arm")) {
    GTEST_SKIP() << "arm-none-eabi-gcc or qemu-system-arm is not installed";
  }
  const std::vector<std::string> strict = {"M4_CFLAGS=-O2 -fno-schedule-insns -Werror"};
  expect_engine(test::every_op(400), CMachine::kM4, strict);
  expect_engine(test::streamed_rows(9), CMachine::kM4, strict);
}

TEST(CProgram, SaysWhatTheCompilerSaid) {
  test::expect_error(ErrorCode::kUnsupported, "the generated C can not be built for host: ", [] {
    const CProgram program(test::every_op(1), CMachine::kHost, {"CC=no_such_compiler"});
  });
}

TEST(CProgram, RefusesCodesThatAreTooFew) {
  const CProgram program(test::every_op(1), CMachine::kHost);
  test::expect_error(ErrorCode::kUnsupported, "the generated C does not run",
                     [&] { program.run(std::vector<std::uint8_t>(7)); });
}

TEST(CMachineFrom, KnowsItsWords) {
  EXPECT_EQ(c_machine_from("host"), CMachine::kHost);
  EXPECT_EQ(to_string(c_machine_from("m4")), "m4");
  test::expect_error(ErrorCode::kInvalidArgument, "unknown machine 'm7', expected host or m4",
                     [] { c_machine_from("m7"); });
}

}  // namespace
}  // namespace quern
