#include "quern/importers/tensorflow_pb.h"

#include <gtest/gtest.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

TEST(TensorflowPb, ReadsANetwork) {
  const Graph graph = test::conv_graph().import();
  EXPECT_EQ(graph.name, "net");
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "net/relu");
  EXPECT_EQ(graph.label_offset, 0);
  EXPECT_FALSE(graph.preprocessing);
}

TEST(TensorflowPb, GivesAnOutputTheNameOfItsNode) {
  TensorflowGraph file = test::conv_graph();
  file.node("Identity", "answer", {"net/relu"});
  const Graph graph = file.import();
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "answer");
}

TEST(TensorflowPb, TakesTheFirstOf1001ClassesForBackground) {
  TensorflowGraph file;
  file.input("x", {-1, 4});
  file.floats("w", {4, 1001});
  file.node("MatMul", "logits", {"x", "w"});
  ImportReport report;
  EXPECT_EQ(file.import(&report).label_offset, 1);
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_EQ(report.warnings[0],
            "'logits' has 1001 classes: the first is taken for TensorFlow's background, so that "
            "label 0 is output 1");
}

TEST(TensorflowPb, IgnoresWhatDoesNotReachAnOutput) {
  TensorflowGraph file = test::conv_graph();
  file.node("DecodeJpeg", "decode");
  file.node("Switch", "switch", {"decode"});
  EXPECT_NO_THROW(file.import());
}

void import_bytes(const std::string& text) {
  import_tensorflow(std::as_bytes(std::span(text)), "bad.pb");
}

TEST(TensorflowPb, RefusesWhatIsNoGraph) {
  test::expect_error(ErrorCode::kParse, "bad.pb: not a frozen TensorFlow graph: the file is empty",
                     [] { import_bytes(""); });
  test::expect_error(ErrorCode::kParse, "its 12 bytes are damaged, cut off or of another format",
                     [] { import_bytes("not a graph!"); });
  const std::vector<std::byte> whole = test::conv_graph().bytes();
  test::expect_error(ErrorCode::kParse, "are damaged, cut off or of another format", [&] {
    import_tensorflow(std::span(whole).first(whole.size() / 2), "cut.pb");
  });
}

TEST(TensorflowPb, SaysHowToFreezeASavedModel) {
  SavedModel model;
  model.set_saved_model_schema_version(1);
  model.add_meta_graphs("\n\0");
  test::expect_error(ErrorCode::kUnsupported, "it is a SavedModel; freeze it first",
                     [&] { import_bytes(model.SerializeAsString()); });
}

TEST(TensorflowPb, SaysHowToFreezeOtherFiles) {
  for (const char* file : {"model.ckpt", "model.ckpt-1000.index", "m.ckpt.data-00000-of-00001",
                           "model.ckpt.meta", "model.ckpt-7"}) {
    test::expect_error(ErrorCode::kUnsupported, "is part of a TensorFlow checkpoint",
                       [&] { refuse_unfrozen(file); });
  }
  for (const char* file : {"model.keras", "model.h5"}) {
    test::expect_error(ErrorCode::kUnsupported, "is a Keras file; load it with Keras and freeze",
                       [&] { refuse_unfrozen(file); });
  }
  const test::TemporaryFolder folder;
  write_file(folder / "saved_model.pb", std::string_view("x"));
  test::expect_error(ErrorCode::kUnsupported, "is a SavedModel",
                     [&] { refuse_unfrozen(folder.path()); });
  EXPECT_NO_THROW(refuse_unfrozen("model.bin"));
}

TEST(TensorflowPb, ReportsShapesThatDoNotGoTogether) {
  TensorflowGraph file = test::conv_graph();
  file.floats("other", {1, 5, 5, 1});
  file.node("AddV2", "sum", {"net/relu", "other"});
  test::expect_error(ErrorCode::kParse, "net.pb: layer 'sum': the inputs of Add do not broadcast",
                     [&] { file.import(); });
}

TEST(TensorflowPb, DoesNotAllocateWhatASmallFileClaims) {
  TensorflowGraph file = test::conv_graph();
  file.constant("huge", DT_FLOAT, {100'000, 100'000})->add_float_val(1);
  file.node("AddV2", "sum", {"net/relu", "huge"});
  test::expect_error(ErrorCode::kUnsupported, "layer 'huge' (Const): it holds 1 elements",
                     [&] { file.import(); });
}

}  // namespace
}  // namespace quern::tensorflow
