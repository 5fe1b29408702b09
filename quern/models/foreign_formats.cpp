#include "quern/models/foreign_formats.h"

#include <array>
#include <string_view>

#include "quern/base/error.h"

namespace quern {
namespace {

/// A format whose networks quern can not have, by its extension.
struct ForeignFormat {
  std::string_view extension;
  std::string_view what;
};

constexpr std::string_view kPickle =
    "a PyTorch pickle; write the network with torch.onnx.export (docs/from_pytorch.md), or fill "
    "one of the zoo with its weights: quern import-weights";
constexpr std::string_view kKeras =
    "a Keras file; freeze its network into a .pb file (docs/from_tensorflow.md), or fill one "
    "of the zoo with its weights: quern import-weights";
constexpr std::string_view kCheckpoint =
    "a TensorFlow checkpoint, which holds variables without their network; freeze both into a .pb "
    "file (docs/from_tensorflow.md), or fill a network of the zoo: quern import-weights";
constexpr std::string_view kWeights =
    "a file of weights without their network; fill one of the zoo with them: quern import-weights";

constexpr std::array<ForeignFormat, 7> kForeignFormats = {{{".pth", kPickle},
                                                           {".pt", kPickle},
                                                           {".h5", kKeras},
                                                           {".hdf5", kKeras},
                                                           {".keras", kKeras},
                                                           {".npz", kWeights},
                                                           {".safetensors", kWeights}}};

}  // namespace

void refuse_foreign(const std::filesystem::path& path) {
  for (const ForeignFormat& format : kForeignFormats) {
    if (path.extension() != format.extension) continue;
    fail(ErrorCode::kUnsupported, "'{}' is {}", path.string(), format.what);
  }
  // What the names of a checkpoint's files begin with may stand for it.
  if (!std::filesystem::exists(path) &&
      std::filesystem::is_regular_file(path.string() + ".index")) {
    fail(ErrorCode::kUnsupported, "'{}' is {}", path.string(), kCheckpoint);
  }
}

}  // namespace quern
