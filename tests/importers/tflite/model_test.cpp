#include "quern/importers/tflite/model.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using testing::ElementsAre;
using testing::IsEmpty;
using tflite::BuiltinOperator;
using tflite::TensorType;

/// What `damage` does to a good file must be refused with `part`.
template <class Damage>
void expect_refusal(ErrorCode code, const std::string& part, Damage&& damage) {
  TfliteFile file = test::int8_conv();
  damage(file);
  const std::vector<std::byte> bytes = file.bytes();
  expect_error(code, part, [&] { read_tflite_model(bytes); });
}

TEST(ReadTfliteModel, ReadsTensorsAndOperators) {
  const std::vector<std::byte> bytes = test::int8_conv().bytes();
  const TfliteModel model = read_tflite_model(bytes);
  EXPECT_EQ(model.name, "main");
  EXPECT_THAT(model.inputs, ElementsAre(0));
  EXPECT_THAT(model.outputs, ElementsAre(3));
  ASSERT_EQ(model.tensors.size(), 4U);
  EXPECT_EQ(model.tensors[0].dims, fixed_dims({1, 4, 4, 3}));
  EXPECT_THAT(model.tensors[0].data, IsEmpty());
  EXPECT_EQ(model.tensors[1].type, TensorType::INT8);
  EXPECT_EQ(model.tensors[1].data.size(), 54U);
  EXPECT_EQ(model.tensors[1].grid, (TfliteGrid{{0.01F, 0.03F}, {0, 0}, 0}));
  ASSERT_EQ(model.operators.size(), 1U);
  EXPECT_EQ(model.operators[0].op, BuiltinOperator::CONV_2D);
  EXPECT_THAT(model.operators[0].inputs, ElementsAre(0, 1, 2));
  EXPECT_EQ(tflite_name(model.operators[0].op), "CONV_2D");
}

TEST(ReadTfliteModel, ReadsTheOpCodeOfOldFiles) {
  TfliteFile file = test::int8_conv();
  file.model.operator_codes[0]->builtin_code = BuiltinOperator::ADD;  // Absent, so 0.
  const std::vector<std::byte> bytes = file.bytes();
  EXPECT_EQ(read_tflite_model(bytes).operators[0].op, BuiltinOperator::CONV_2D);
}

TEST(ReadTfliteModel, TakesAMissingZeroPointForZeroAndNamesTheNameless) {
  TfliteFile file = test::int8_conv();
  file.tensor(0).quantization->zero_point.clear();
  file.tensor(0).name.clear();
  const std::vector<std::byte> bytes = file.bytes();
  const TfliteModel model = read_tflite_model(bytes);
  EXPECT_EQ(model.tensors[0].grid, (TfliteGrid{{1.0F}, {0}, 0}));
  EXPECT_EQ(model.tensors[0].name, "tensor_0");
}

TEST(ReadTfliteModel, RefusesWhatIsNoModel) {
  const auto refused = [](const std::vector<std::byte>& bytes) {
    expect_error(ErrorCode::kParse, "not a TFLite model", [&] { read_tflite_model(bytes); });
  };
  refused({});
  refused(std::vector<std::byte>(64, std::byte{0xff}));
  std::vector<std::byte> whole = test::int8_conv().bytes();
  whole.resize(whole.size() / 2);
  refused(whole);
}

TEST(ReadTfliteModel, RefusesWhatItDoesNotRead) {
  const ErrorCode code = ErrorCode::kUnsupported;
  expect_refusal(code, "version 2", [](TfliteFile& file) { file.model.version = 2; });
  expect_refusal(code, "it holds 2 graphs", [](TfliteFile& file) {
    file.model.subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  });
  expect_refusal(code, "tensor 'image': it keeps a state",
                 [](TfliteFile& file) { file.tensor(0).is_variable = true; });
  expect_refusal(code, "it is stored sparsely", [](TfliteFile& file) {
    file.tensor(1).sparsity = std::make_unique<tflite::SparsityParametersT>();
  });
  expect_refusal(code, "quantized in another way", [](TfliteFile& file) {
    file.tensor(1).quantization->details_type = tflite::QuantizationDetails::BLOCKWISE;
  });
  expect_refusal(code, "behind the tables",
                 [](TfliteFile& file) { file.model.buffers[1]->offset = 4096; });
}

TEST(ReadTfliteModel, RefusesWhatContradictsItself) {
  const ErrorCode code = ErrorCode::kParse;
  expect_refusal(code, "lies in buffer 99", [](TfliteFile& file) { file.tensor(1).buffer = 99; });
  expect_refusal(code, "the network names tensor 77",
                 [](TfliteFile& file) { file.graph().inputs = {77}; });
  expect_refusal(code, "the network names tensor -1",
                 [](TfliteFile& file) { file.graph().outputs = {-1}; });
  expect_refusal(code, "operator 0 names tensor 8",
                 [](TfliteFile& file) { file.graph().operators[0]->inputs = {8}; });
  expect_refusal(code, "operator 0 has the op code 7",
                 [](TfliteFile& file) { file.graph().operators[0]->opcode_index = 7; });
  expect_refusal(code, "the name of a tensor is not UTF-8",
                 [](TfliteFile& file) { file.tensor(0).name = "\xff"; });
}

TEST(ReadTfliteModel, RefusesGridsThatAreNone) {
  const ErrorCode code = ErrorCode::kParse;
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    expect_refusal(code, "a scale is",
                   [&](TfliteFile& file) { file.tensor(0).quantization->scale = {scale}; });
  }
  expect_refusal(code, "2 zero points for 1 scales", [](TfliteFile& file) {
    file.tensor(0).quantization->zero_point = {0, 0};
  });
  expect_refusal(code, "a zero point is 4294967296", [](TfliteFile& file) {
    file.tensor(0).quantization->zero_point = {std::int64_t{1} << 32};
  });
  expect_refusal(code, "it has 2 scales along axis 3",
                 [](TfliteFile& file) { file.tensor(1).quantization->quantized_dimension = 3; });
  expect_refusal(code, "it has 2 scales along axis -1",
                 [](TfliteFile& file) { file.tensor(1).quantization->quantized_dimension = -1; });
}

TEST(DecodingBudget, EndsWhereAFileStandsForTooMuch) {
  DecodingBudget budget(1000);
  budget.spend(1000, 4);
  expect_error(ErrorCode::kParse, "more than", [&] { budget.spend(1 << 20, 4); });
  expect_error(ErrorCode::kParse, "more than",
               [&] { budget.spend(std::numeric_limits<std::size_t>::max(), 8); });
}

}  // namespace
}  // namespace quern
