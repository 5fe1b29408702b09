#include "quern/weights/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quern/base/file.h"
#include "quern/tensor/npz.h"
#include "tests/support/expect_error.h"
#include "tests/support/safetensors_file.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

TEST(WeightFile, ReadsBothFormats) {
  const test::TemporaryFolder folder;
  const std::map<std::string, Tensor> tensors = {{"a", Tensor::scalar(1.0F)}};
  write_npz(folder / "w.npz", tensors);
  test::write_safetensors(folder / "w.safetensors", tensors);
  for (const char* name : {"w.npz", "w.safetensors"}) {
    const auto listed = list_weight_file(folder / name);
    ASSERT_TRUE(listed && listed->size() == 1) << name;
    EXPECT_EQ(listed->at("a").read(), tensors.at("a")) << name;
    EXPECT_EQ(listed->at("a").dtype, DType::kFloat32) << name;
    EXPECT_EQ(listed->at("a").shape, Shape{}) << name;
  }
  EXPECT_FALSE(list_weight_file(folder / "w.onnx"));
}

TEST(WeightFile, SaysWhatToDoWithFormatsOfFrameworks) {
  const test::TemporaryFolder folder;
  const auto refuse = [&](const std::string& name, const std::string& part) {
    expect_error(ErrorCode::kUnsupported, part, [&] { list_weight_file(folder / name); });
  };
  for (const char* name : {"model.ckpt", "model.ckpt-12", "model.ckpt.index", "model.ckpt.meta",
                           "model.ckpt.data-00000-of-00001"}) {
    refuse(name, "is a TensorFlow checkpoint, which quern does not read; freeze it");
  }
  write_file(folder / "plain.index", "");
  refuse("plain", "is a TensorFlow checkpoint, which quern does not read; freeze it");
  for (const char* name : {"model.h5", "model.weights.h5", "model.keras"}) {
    refuse(name, "is a Keras file, which quern does not read; save its weights: numpy.savez(");
  }
  for (const char* name : {"model.pth", "model.pt", "pytorch_model.bin"}) {
    refuse(name, "is a PyTorch pickle, which quern does not read; save its weights: safetensors.");
  }
  std::filesystem::create_directory(folder / "saved_model");
  refuse("saved_model", "is a folder; a SavedModel or a checkpoint is not read");
}

}  // namespace
}  // namespace quern
