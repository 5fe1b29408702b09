#include "quern/engine/model_file.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/base/random.h"
#include "quern/engine/internal/envelope.h"
#include "quern/engine/interpreter.h"
#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

IntModel sample() {
  IntModel model = test::every_op(1);
  model.tensors[3].scale = {0.5F, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
  model.tensors[3].first_code = -8;
  model.inputs[0].bgr = true;
  model.provenance = {{"model", "a.onnx"}, {"preprocessing", "{\"crop\": 224}"}};
  return model;
}

TEST(ModelFile, ReadsWhatItWrote) {
  const test::TemporaryFolder folder;
  const IntModel model = sample();
  write_model(model, folder.path() / "a.quern");
  EXPECT_EQ(read_model(folder.path() / "a.quern"), model);
}

TEST(ModelFile, SaysWhatIsWrong) {
  const std::vector<std::byte> file = to_bytes(sample());
  const auto expect = [&](const std::string& sentence, auto&& change) {
    std::vector<std::byte> changed = file;
    change(changed);
    test::expect_error(ErrorCode::kParse, sentence, [&] { from_bytes(changed, "a.quern"); });
  };
  expect("a.quern: it has 3 bytes, fewer", [](auto& bytes) { bytes.resize(3); });
  expect("it does not begin with QUERNINT", [](auto& bytes) { bytes[0] = std::byte{'q'}; });
  expect("it has version 9, expected 1; lower the model again",
         [](auto& bytes) { bytes[8] = std::byte{9}; });
  expect("bytes after its header, expected", [](auto& bytes) { bytes.pop_back(); });
  expect("it is damaged: its checksum is", [](auto& bytes) { bytes.back() ^= std::byte{1}; });
}

TEST(ModelFile, FindsAPayloadOfTheWrongLength) {
  const std::vector<std::byte> file = to_bytes(sample());
  const auto payload = internal::unseal(file);
  std::vector<std::byte> longer(payload.begin(), payload.end());
  longer.push_back({});
  test::expect_error(ErrorCode::kParse, "1 bytes follow the last field",
                     [&] { from_bytes(internal::seal(longer), "a"); });
  test::expect_error(ErrorCode::kParse, "bytes follow",
                     [&] { from_bytes(internal::seal(payload.first(payload.size() - 5)), "a"); });
}

TEST(ModelFile, DoesNotWriteAModelThatIsNotWellFormed) {
  IntModel model = sample();
  model.outputs.clear();
  test::expect_error(ErrorCode::kParse, "1 inputs and 0 outputs", [&] { to_bytes(model); });
}

TEST(ModelFile, RefusesOrRunsEveryMutation) {
  const std::vector<std::byte> file = to_bytes(sample());
  const auto payload = internal::unseal(file);
  Random random(2);
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::byte> mutated(payload.begin(), payload.end());
    for (std::int64_t n = random.integer(1, 3); n > 0; --n) {
      const auto at = static_cast<std::size_t>(random.integer(0, std::ssize(mutated) - 1));
      mutated[at] = static_cast<std::byte>(random.integer(0, 255));
    }
    try {
      Interpreter interpreter(from_bytes(internal::seal(mutated), "mutated"));
      const IntModel& model = interpreter.model();
      std::vector<std::vector<std::uint8_t>> bytes;
      std::vector<IntBuffer> inputs, outputs;
      const auto add = [&](std::vector<IntBuffer>& to, TensorIndex index) {
        const IntTensor& tensor = model.tensors[static_cast<std::size_t>(index)];
        bytes.emplace_back(static_cast<std::size_t>(tensor.height) *
                           static_cast<std::size_t>(tensor.width) *
                           static_cast<std::size_t>(tensor.channels) * 4);
        to.push_back(buffer_for(tensor, bytes.back().data()));
      };
      for (const IntInput& input : model.inputs) add(inputs, input.tensor);
      for (const TensorIndex output : model.outputs) add(outputs, output);
      EXPECT_TRUE(interpreter.run(inputs, outputs).ok);
      ++accepted;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kParse) << error.what();
    }
  }
  EXPECT_GT(accepted, 300) << "most weights and biases may have any value";
}

}  // namespace
}  // namespace quern
