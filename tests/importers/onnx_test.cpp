#include "quern/importers/onnx.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "quern/base/file.h"
#include "quern/base/random.h"
#include "tests/support/expect_error.h"
#include "tests/support/onnx_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::OnnxModel;
using test::relu_model;
using testing::ElementsAre;
using testing::HasSubstr;

Graph imported(const OnnxModel& model, ImportReport* report = nullptr) {
  return import_onnx(model.bytes(), "a.onnx", report);
}

void expect_refusal(const OnnxModel& model, ErrorCode code, const std::string& part) {
  expect_error(code, "a.onnx: ", [&] { imported(model); });
  expect_error(code, part, [&] { imported(model); });
}

/// x → BatchNormalization(variance) → y
OnnxModel batchnorm(const std::vector<float>& variance) {
  OnnxModel model;
  const auto channels = static_cast<std::int64_t>(variance.size());
  model.input("x", {0, channels, 4, 4});
  for (const char* name : {"bn.gamma", "bn.beta", "bn.mean"}) model.initializer(name, {channels});
  model.initializer("bn.var", Tensor::of<float>({channels}, variance));
  model.node("BatchNormalization", {"x", "bn.gamma", "bn.beta", "bn.mean", "bn.var"}, "y");
  model.output("y");
  return model;
}

TEST(ImportOnnx, RefusesWhatIsNoModel) {
  const auto refused = [](std::vector<std::byte> bytes, const std::string& part) {
    expect_error(ErrorCode::kParse, "a.onnx: not an ONNX model: " + part,
                 [&] { import_onnx(bytes, "a.onnx"); });
  };
  refused({}, "the file is empty");
  std::vector<std::byte> whole = relu_model().bytes();
  whole.resize(whole.size() / 2);
  refused(whole, "its");
  refused({std::byte{0x08}, std::byte{8}}, "it holds no graph");
  refused(std::vector<std::byte>(64, std::byte{0xff}), "its 64 bytes");
}

TEST(ImportOnnx, SurvivesRandomBytesAndTruncation) {
  Random random(1);
  const std::vector<std::byte> good = batchnorm({1, 1}).bytes();
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::byte> bytes = good;
    if (i % 4 == 0) bytes.resize(static_cast<std::size_t>(random.integer(0, std::ssize(good) - 1)));
    for (auto edits = random.integer(0, 4); edits > 0 && !bytes.empty(); --edits) {
      bytes[static_cast<std::size_t>(random.integer(0, std::ssize(bytes) - 1))] =
          static_cast<std::byte>(random.integer(0, 255));
    }
    try {
      import_onnx(bytes, "a.onnx");
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("a.onnx: "));
    }
  }
}

TEST(ImportOnnx, RefusesAMissingFile) {
  expect_error(ErrorCode::kIo, "missing.onnx", [] { import_onnx("no/such/missing.onnx"); });
}

TEST(ImportOnnx, RefusesVersionsItDoesNotKnow) {
  OnnxModel old_format = relu_model();
  old_format.proto.set_ir_version(2);
  expect_refusal(old_format, ErrorCode::kUnsupported, "IR version 2");
  OnnxModel old_ops = relu_model();
  old_ops.proto.mutable_opset_import(0)->set_version(6);
  expect_refusal(old_ops, ErrorCode::kUnsupported, "operator set 6 (supported: 7 and newer)");
  OnnxModel none = relu_model();
  none.proto.clear_opset_import();
  expect_refusal(none, ErrorCode::kParse, "names no version");
}

TEST(ImportOnnx, WarnsOfAnOperatorSetNewerThanItself) {
  OnnxModel model = relu_model();
  model.proto.mutable_opset_import(0)->set_version(99);
  ImportReport report;
  imported(model, &report);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("operator set 99")));
}

TEST(ImportOnnx, NamesAnUnknownOpAndTheNearest) {
  OnnxModel model = relu_model();
  model.node("Convx", {"y"}, "z", "odd");
  model.output("z");
  expect_refusal(model, ErrorCode::kUnsupported, "layer 'odd': op 'Convx'");
  expect_refusal(model, ErrorCode::kUnsupported, "'Conv'");
}

TEST(ImportOnnx, NamesWeightsThatAreNotFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    OnnxModel model = relu_model();
    model.initializer("w", {3, 1, 1}, bad);
    model.node("Mul", {"y", "w"}, "z", "scaled");
    model.output("z");
    expect_refusal(model, ErrorCode::kParse, "layer 'scaled': 'w' holds");
  }
}

TEST(ImportOnnx, JudgesVariances) {
  expect_refusal(batchnorm({1, -1}), ErrorCode::kParse,
                 "layer 'bn': the variance of channel 1 is -1");
  expect_refusal(batchnorm({std::nanf("")}), ErrorCode::kParse, "the variance of channel 0 is nan");
  ImportReport report;
  imported(batchnorm({0, 1, 1e-12F}), &report);
  EXPECT_THAT(report.warnings,
              ElementsAre("2 channels of 1 batch norm have a variance below 1e-10 (the smallest is "
                          "0, in 'bn'): they were constant in training"));
}

TEST(ImportOnnx, RefusesDamagedMetadata) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"{", "it is damaged"}, {R"({"version":2})", "it has version 2"}, {"[]", "damaged"}}) {
    OnnxModel model = relu_model();
    auto* entry = model.proto.add_metadata_props();
    entry->set_key("quern");
    entry->set_value(text);
    expect_refusal(model, ErrorCode::kParse, "its quern metadata: ");
    expect_refusal(model, ErrorCode::kParse, part);
  }
}

}  // namespace
}  // namespace quern
