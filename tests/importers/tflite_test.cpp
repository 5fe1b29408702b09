#include "quern/importers/tflite.h"

#include <gmock/gmock.h>

#include "quern/base/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/random_tflite.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::FileGrid;
using test::TfliteFile;
using testing::ElementsAre;
using testing::HasSubstr;
using tflite::BuiltinOperator;
using tflite::TensorType;

Graph imported(const TfliteFile& file, ImportReport* report = nullptr) {
  return import_tflite(file.bytes(), "a.tflite", report);
}

/// picture → RELU → "y"
TfliteFile relu(const std::vector<std::int32_t>& shape, const FileGrid& grid) {
  TfliteFile file;
  const TensorType type = grid.scale.empty() ? TensorType::FLOAT32 : TensorType::UINT8;
  const int x = file.input("picture", type, shape, grid);
  file.op(BuiltinOperator::RELU, {x}, {file.output("y", type, shape, grid)});
  return file;
}

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> ops;
  for (const NodeId id : graph.nodes()) ops.push_back(graph.node(id).op);
  return ops;
}

TEST(ImportTflite, PutsAQuantBehindEveryTensorOfCodes) {
  const Graph graph = imported(test::int8_conv());
  EXPECT_THAT(ops_of(graph), testing::UnorderedElementsAre("Quant", "Transpose", "Quant", "Quant",
                                                           "Conv", "Relu", "Quant", "Transpose"));
  const Value& input = graph.value(graph.inputs().at(0));
  EXPECT_EQ(input.name, "image");
  EXPECT_EQ(input.dtype, DType::kFloat32);
  EXPECT_EQ(input.dims, fixed_dims({1, 4, 4, 3}));
  const Value& output = graph.value(graph.outputs().at(0));
  EXPECT_EQ(output.name, "features;net/conv/Relu");
  EXPECT_EQ(output.dims, fixed_dims({1, 4, 4, 2}));
}

TEST(ImportTflite, GivesTheOutputTheFilesNameWhereItIsAnotherNameOfATensor) {
  TfliteFile file = relu({1, 4}, {{0.5F}, {3}});
  const int codes = file.graph().outputs[0];
  file.graph().outputs.clear();
  const int real = file.output("real", TensorType::FLOAT32, {1, 4});
  file.op(BuiltinOperator::DEQUANTIZE, {codes}, {real});
  const Graph graph = imported(file);
  EXPECT_EQ(graph.value(graph.outputs().at(0)).name, "real");
}

TEST(ImportTflite, KeepsAFreeBatch) {
  TfliteFile file = relu({1, 4, 4, 3}, {});
  file.tensor(0).shape_signature = {-1, 4, 4, 3};
  EXPECT_EQ(to_string(*imported(file).value(imported(file).outputs()[0]).dims), "[N, 4, 4, 3]");
}

TEST(ImportTflite, ReadsBytesThatLieAtAnOddAddress) {
  const std::vector<std::byte> bytes = test::int8_conv().bytes();
  std::vector<std::byte> shifted(1);
  shifted.insert(shifted.end(), bytes.begin(), bytes.end());
  EXPECT_EQ(import_tflite(std::span(shifted).subspan(1), "a"), import_tflite(bytes, "a"));
}

TEST(ImportTflite, RecordsHowPicturesAreScaledWhereTheGridTells) {
  struct Case {
    FileGrid grid;
    double scale, mean, std;
  };
  const Case cases[] = {{{{1.0F}, {0}}, 1, 0, 1},
                        {{{1 / 255.0F}, {0}}, 1.0 / 255, 0, 1},
                        {{{1 / 128.0F}, {128}}, 1.0 / 255, 0.5, 0.5}};
  for (const Case& expected : cases) {
    const auto how = imported(relu({1, 224, 224, 3}, expected.grid)).preprocessing;
    ASSERT_TRUE(how.has_value());
    EXPECT_EQ(how->scale, expected.scale);
    EXPECT_THAT(how->mean, testing::Each(expected.mean));
    EXPECT_THAT(how->std, testing::Each(expected.std));
    EXPECT_EQ(how->crop, 224);
    EXPECT_EQ(how->resize, 256);
  }
}

TEST(ImportTflite, RecordsNoPreprocessingWhereNothingTells) {
  EXPECT_FALSE(imported(relu({1, 8, 8, 3}, {})).preprocessing);
  EXPECT_FALSE(imported(relu({1, 8, 8, 3}, {{0.03F}, {100}})).preprocessing);
  EXPECT_FALSE(imported(relu({1, 8, 9, 3}, {{1.0F}, {0}})).preprocessing);
  EXPECT_FALSE(imported(relu({1, 8, 8, 1}, {{1.0F}, {0}})).preprocessing);
}

TEST(ImportTflite, TakesOutput0Of1001ForTheBackground) {
  ImportReport report;
  EXPECT_EQ(imported(relu({1, 1001}, {}), &report).label_offset, 1);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("output 1 for label 0")));
  EXPECT_EQ(imported(relu({1, 1000}, {})).label_offset, 0);
}

TEST(ImportTflite, WarnsOfWeightsInCodesBetweenRealActivations) {
  TfliteFile file = test::int8_conv();
  file.graph().operators[0]->inputs[2] = -1;
  for (const int position : {file.graph().inputs[0], file.graph().outputs[0]}) {
    file.tensor(position).type = TensorType::FLOAT32;
    file.tensor(position).quantization.reset();
  }
  ImportReport report;
  const Graph graph = imported(file, &report);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("1 layer (the first computes 'features')")));
  EXPECT_EQ(graph.nodes_of("Quant").size(), 1U);
}

TEST(ImportTflite, RefusesWhatItDoesNotRead) {
  TfliteFile file = relu({1, 4}, {});
  file.model.operator_codes[0]->deprecated_builtin_code = 0;
  file.model.operator_codes[0]->builtin_code = BuiltinOperator::LSTM;
  expect_error(ErrorCode::kUnsupported, "a.tflite: layer 'y': the op LSTM is not read",
               [&] { imported(file); });
  file.model.operator_codes[0]->builtin_code = static_cast<BuiltinOperator>(4000);
  expect_error(ErrorCode::kUnsupported, "the op op 4000 is not read", [&] { imported(file); });
  file.model.operator_codes[0]->builtin_code = BuiltinOperator::CUSTOM;
  file.model.operator_codes[0]->custom_code = "TFLite_Detection_PostProcess";
  expect_error(ErrorCode::kUnsupported, "'TFLite_Detection_PostProcess' is an op of its own",
               [&] { imported(file); });
  file.graph().operators[0]->outputs.clear();
  expect_error(ErrorCode::kParse, "has no output", [&] { imported(file); });
}

TEST(ImportTflite, SurvivesDamageAnywhere) {
  Random random(1);
  for (const std::string_view op : test::random_tflite_ops()) {
    const std::vector<std::byte> good = test::random_tflite(op, 1).bytes();
    for (int i = 0; i < 60; ++i) {
      std::vector<std::byte> bytes = good;
      const auto at = static_cast<std::size_t>(random.integer(0, std::ssize(bytes) - 1));
      bytes[at] = static_cast<std::byte>(random.integer(0, 255));
      if (i % 10 == 0) bytes.resize(at);
      try {
        import_tflite(bytes, "a.tflite");
      } catch (const Error& error) {
        EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace quern
