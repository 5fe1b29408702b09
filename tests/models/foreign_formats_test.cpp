#include "quern/models/foreign_formats.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

TEST(ForeignFormats, AreRefusedWithTheWay) {
  const auto refuse = [](const std::string& name, const std::string& part) {
    expect_error(ErrorCode::kUnsupported, part, [&] { refuse_foreign(name); });
  };
  for (const char* name : {"m.pth", "m.pt"}) {
    refuse(name, "is a PyTorch pickle; write the network with torch.onnx.export");
  }
  for (const char* name : {"m.keras", "m.h5", "m.weights.h5", "m.hdf5"}) {
    refuse(name, "is a Keras file; freeze its network into a .pb file");
  }
  for (const char* name : {"m.npz", "m.safetensors"}) {
    refuse(name, "is a file of weights without their network; fill one of the zoo");
  }
  const test::TemporaryFolder folder;
  write_file(folder / "model.index", "");
  refuse((folder / "model").string(), "is a TensorFlow checkpoint, which holds variables without");
  EXPECT_NO_THROW(refuse_foreign("model.onnx"));
}

}  // namespace
}  // namespace quern
