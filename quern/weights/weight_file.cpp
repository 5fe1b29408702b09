#include "quern/weights/weight_file.h"

#include <array>
#include <string_view>

#include "quern/base/error.h"
#include "quern/tensor/npz.h"
#include "quern/tensor/safetensors.h"

namespace quern {
namespace {

/// A format that only its framework reads, by the start of a file's extension.
struct ForeignFormat {
  std::string_view extension;
  std::string_view what;
  std::string_view instead;
};

constexpr std::string_view kFreeze =
    "freeze it into a .pb file (docs/from_tensorflow.md), or save its variables: "
    "numpy.savez('w.npz', **{n: r.get_tensor(n) for n in r.get_variable_to_shape_map()}) with "
    "r = tf.train.load_checkpoint(PATH)";
constexpr std::string_view kSaveKeras =
    "save its weights: numpy.savez('w.npz', **{w.path: w.numpy() for w in model.weights}), with "
    "w.name instead of w.path before Keras 3";
constexpr std::string_view kSaveTorch =
    "save its weights: safetensors.torch.save_file(model.state_dict(), 'w.safetensors'), or "
    "numpy.savez('w.npz', **{k: v.numpy() for k, v in model.state_dict().items()})";

constexpr std::array<ForeignFormat, 10> kForeignFormats = {
    {{".ckpt", "a TensorFlow checkpoint", kFreeze},
     {".index", "a TensorFlow checkpoint", kFreeze},
     {".data-", "a TensorFlow checkpoint", kFreeze},
     {".meta", "a TensorFlow checkpoint", kFreeze},
     {".h5", "a Keras file", kSaveKeras},
     {".hdf5", "a Keras file", kSaveKeras},
     {".keras", "a Keras file", kSaveKeras},
     {".pth", "a PyTorch pickle", kSaveTorch},
     {".pt", "a PyTorch pickle", kSaveTorch},
     {".bin", "a PyTorch pickle", kSaveTorch}}};

/// A checkpoint may be named by what the names of its files have in common.
bool is_checkpoint_prefix(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path.string() + ".index");
}

}  // namespace

std::optional<StoredTensors> list_weight_file(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".npz") return list_npz(path);
  if (extension == ".safetensors") return stored(read_safetensors(path));
  for (const ForeignFormat& format : kForeignFormats) {
    if (extension.starts_with(format.extension)) {
      fail(ErrorCode::kUnsupported, "{} is {}, which quern does not read; {}", path.string(),
           format.what, format.instead);
    }
  }
  if (is_checkpoint_prefix(path)) {
    fail(ErrorCode::kUnsupported, "{} is a TensorFlow checkpoint, which quern does not read; {}",
         path.string(), kFreeze);
  }
  if (std::filesystem::is_directory(path)) {
    fail(ErrorCode::kUnsupported, "{} is a folder; a SavedModel or a checkpoint is not read: {}",
         path.string(), kFreeze);
  }
  return std::nullopt;
}

}  // namespace quern
