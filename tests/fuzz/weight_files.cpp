// Writes what the fuzzers of weight files start from: FOLDER/npz and FOLDER/safetensors.
#include <filesystem>

#include "quern/base/file.h"
#include "quern/tensor/npy.h"
#include "quern/tensor/npz.h"
#include "tests/support/safetensors_file.h"

int main(int count, char** arguments) {
  if (count != 2) return 1;
  const std::filesystem::path folder = arguments[1];
  const std::map<std::string, quern::Tensor> tensors = {
      {"codes", quern::Tensor::of<std::int8_t>({2, 2}, {-128, -1, 0, 127})},
      {"conv.weight", quern::Tensor::of<float>({1, 2, 1, 1}, {0.5F, -1})},
      {"empty", quern::Tensor(quern::DType::kFloat32, {0, 3})},
      {"flag", quern::Tensor(quern::DType::kBool, {1})},
      {"step", quern::Tensor::scalar(std::int64_t{42})}};
  quern::write_npz(folder / "npz" / "arrays", tensors);
  quern::write_file(folder / "npz" / "array", quern::to_npy(tensors.at("conv.weight")));
  quern::test::write_safetensors(folder / "safetensors" / "tensors", tensors);
  return 0;
}
