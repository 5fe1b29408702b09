#include "quern/engine/engine.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/engine/model_file.h"
#include "tests/support/int_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::HasSubstr;

/// An engine, its buffers, and what the formulas say.
class EngineOfEveryOp : public testing::Test {
 protected:
  EngineOfEveryOp() {
    const std::vector<std::byte> file = to_bytes(model_);
    EXPECT_EQ(quern_engine_open_bytes(file.data(), file.size(), &engine_, &message_), kQuernOk);
    const std::vector<test::Codes> codes = test::random_inputs(model_, 2);
    pixels_.assign(codes[0].values.begin(), codes[0].values.end());
    expected_ = test::evaluate_slowly(model_, codes);
    inputs_[0] = {pixels_.data(), kQuernUint8, 9, 11, 3};
    outputs_[0] = {logits_.data(), kQuernInt32, 1, 1, 7};
    outputs_[1] = {codes_.data(), kQuernUint8, 5, 6, 6};
  }
  ~EngineOfEveryOp() override { quern_engine_close(engine_); }

  QuernCode run() { return quern_engine_run(engine_, inputs_, 1, outputs_, 2, &message_); }

  IntModel model_ = test::every_op(1);
  QuernEngine* engine_ = nullptr;
  QuernMessage message_ = {};
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int32_t> logits_ = std::vector<std::int32_t>(7);
  std::vector<std::uint8_t> codes_ = std::vector<std::uint8_t>(180);
  std::vector<test::Codes> expected_;
  QuernBuffer inputs_[1];
  QuernBuffer outputs_[2];
};

TEST_F(EngineOfEveryOp, ComputesTheFormulas) {
  ASSERT_EQ(run(), kQuernOk) << message_.message;
  EXPECT_STREQ(message_.message, "");
  EXPECT_EQ(logits_, expected_[static_cast<std::size_t>(model_.outputs[0])].values);
  EXPECT_THAT(codes_, testing::ElementsAreArray(
                          expected_[static_cast<std::size_t>(model_.outputs[1])].values));
}

TEST_F(EngineOfEveryOp, DescribesInputsAndOutputs) {
  ASSERT_EQ(quern_engine_input_count(engine_), 1U);
  ASSERT_EQ(quern_engine_output_count(engine_), 2U);
  const QuernTensorInfo input = quern_engine_input(engine_, 0);
  EXPECT_STREQ(input.name, "t0");
  EXPECT_EQ(input.type, kQuernUint8);
  EXPECT_THAT((std::vector{input.height, input.width, input.channels, input.bits}),
              testing::ElementsAre(9, 11, 3, 8));
  EXPECT_TRUE(input.is_pixels);
  EXPECT_FALSE(input.is_bgr);
  const QuernTensorInfo output = quern_engine_output(engine_, 0);
  EXPECT_EQ(output.type, kQuernInt32);
  EXPECT_EQ(output.bits, 32);
  EXPECT_EQ(output.scales, 1);
  EXPECT_FLOAT_EQ(output.scale[0], 0.5F);
}

TEST_F(EngineOfEveryOp, RefusesAnotherShapeOrType) {
  inputs_[0].height = 8;
  EXPECT_EQ(run(), kQuernBadArgument);
  EXPECT_STREQ(message_.message, "tensor 't0' is 8x11x3, expected 9x11x3");
  inputs_[0] = {pixels_.data(), kQuernInt32, 9, 11, 3};
  EXPECT_EQ(run(), kQuernBadArgument);
  EXPECT_STREQ(message_.message, "an element of tensor 't0' has 4 bytes, expected 1");
  EXPECT_EQ(quern_engine_run(engine_, inputs_, 0, outputs_, 2, nullptr), kQuernBadArgument);
}

TEST(Engine, SaysWhyItCannotOpen) {
  const test::TemporaryFolder folder;
  QuernEngine* engine = nullptr;
  QuernMessage message;
  EXPECT_EQ(quern_engine_open((folder / "none.quern").c_str(), &engine, &message), kQuernIo);
  EXPECT_THAT(message.message, HasSubstr("none.quern: No such file"));
  EXPECT_EQ(engine, nullptr);

  std::vector<std::byte> file = to_bytes(test::every_op(1));
  file[8] = std::byte{2};
  write_file(folder / "other.quern", file);
  EXPECT_EQ(quern_engine_open((folder / "other.quern").c_str(), &engine, &message), kQuernBadFile);
  EXPECT_THAT(message.message, HasSubstr("other.quern: it has version 2, expected 1"));
  EXPECT_EQ(quern_engine_open(nullptr, &engine, &message), kQuernBadArgument);
  EXPECT_STREQ(message.message, "no path is given");
}

TEST(Engine, OpensAFile) {
  const test::TemporaryFolder folder;
  write_model(test::every_op(1), folder / "a.quern");
  QuernEngine* engine = nullptr;
  EXPECT_EQ(quern_engine_open((folder / "a.quern").c_str(), &engine, nullptr), kQuernOk);
  quern_engine_close(engine);
}

}  // namespace
}  // namespace quern
