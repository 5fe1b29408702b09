#include "quern/weights/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(read_weight_file(folder / "w.npz"), tensors);
  EXPECT_EQ(read_weight_file(folder / "w.safetensors"), tensors);
  EXPECT_EQ(read_weight_file(folder / "w.onnx"), std::nullopt);
}

TEST(WeightFile, SaysWhatToDoWithFormatsOfFrameworks) {
  const test::TemporaryFolder folder;
  const auto refuse = [&](const std::string& name, const std::string& part) {
    expect_error(ErrorCode::kUnsupported, part, [&] { read_weight_file(folder / name); });
  };
  for (const char* name : {"model.ckpt", "model.ckpt-12", "model.ckpt.index", "model.ckpt.meta",
                           "model.ckpt.data-00000-of-00001"}) {
    refuse(name, "is a TensorFlow checkpoint, which quern does not read; freeze it");
  }
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
