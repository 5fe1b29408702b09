#include "quern/models/load_model.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/exporters/qonnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

TEST(LoadModel, BuildsNetworksOfTheZoo) {
  const Graph graph = load_model("zoo:mobilenet_v2_mini", {.input = 32, .classes = 3}).graph;
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 3]");
}

TEST(LoadModel, ReadsBackWhatWasExported) {
  const test::TemporaryFolder folder;
  const Graph graph = load_model("zoo:mobilenet_v2_mini", {.input = 32}).graph;
  export_qonnx(graph, folder / "m.onnx");
  EXPECT_EQ(load_model((folder / "m.onnx").string()).graph, graph);
}

TEST(LoadModel, NamesTheFileThatIsWrong) {
  const test::TemporaryFolder folder;
  write_file(folder / "m.onnx", std::string_view("no model"));
  expect_error(ErrorCode::kParse, "m.onnx", [&] { load_model((folder / "m.onnx").string()); });
  expect_error(ErrorCode::kIo, "No such file", [&] { load_model((folder / "x.onnx").string()); });
}

TEST(LoadModel, SaysWhichFormatsAreRead) {
  expect_error(ErrorCode::kUnsupported, "'m.pth' is not a model quern reads: .onnx (ONNX or QONNX)",
               [] { load_model("m.pth"); });
}

}  // namespace
}  // namespace quern
