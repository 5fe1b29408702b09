#include "quern/importers/import_model.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(ImportModel, NamesTheFormatsThatAreRead) {
  test::expect_error(ErrorCode::kUnsupported,
                     "'net.pth' is not a model quern reads: .onnx (ONNX or QONNX)",
                     [] { import_model("net.pth"); });
}

TEST(ImportModel, ListsEachFormatOnce) {
  for (const ModelFormat& format : model_formats()) {
    EXPECT_TRUE(format.extension.starts_with('.')) << format.extension;
    EXPECT_NE(format.read, nullptr) << format.extension;
  }
}

}  // namespace
}  // namespace quern
