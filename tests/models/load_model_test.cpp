#include "quern/models/load_model.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/exporters/qonnx.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"
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

TEST(LoadModel, NotesThatChannelsComeFirst) {
  const test::TemporaryFolder folder;
  test::Network net;
  const ValueId first = net.op("first", "Transpose", {net.input()},
                               {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}});
  const ValueId conv = net.op("conv", "Conv", {first, net.weight("w", {4, 8, 1, 1})});
  export_qonnx(net.finish({net.op("pool", "GlobalAveragePool", {conv})}), folder / "m.onnx",
               {.batch = 0});
  EXPECT_THAT(
      load_model((folder / "m.onnx").string()).notes,
      testing::ElementsAre(
          "input 'input' is [N, 8, 3, 8] here, [N, 3, 8, 8] in the file: channels come first"));
}

TEST(LoadModel, SaysWhichFormatsAreRead) {
  expect_error(ErrorCode::kUnsupported, "'m.bin' is not a model quern reads: .onnx (ONNX or QONNX)",
               [] { load_model("m.bin"); });
  expect_error(ErrorCode::kUnsupported, "'m.pth' is a PyTorch pickle", [] { load_model("m.pth"); });
}

}  // namespace
}  // namespace quern
