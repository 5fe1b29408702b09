#include "quern/importers/onnx/metadata.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

FileMetadata example() {
  FileMetadata metadata;
  metadata.graph_name = "netz \"ü\"";
  metadata.preprocessing =
      Preprocessing{.resize = 96, .crop = 96, .central_crop = 0.875, .stretch = true};
  metadata.label_offset = 1;
  metadata.free_extents = {{"x", 0, 1, "N"}};
  metadata.scales = {{{0}, "s", {}}, {{1}, "t", {0.1F, 2.0F / 3.0F}}};
  Quantizer input = {.id = {0}, .name = "input", .spec = {.bits = 4}, .scale = {0}};
  input.state["bytes"] = Tensor::of<std::uint8_t>({5}, {0, 1, 254, 255, 7});
  input.state["empty"] = Tensor(DType::kFloat64, {0, 3});
  Quantizer weight = {.id = {1},
                      .name = "weight",
                      .kind = QuantizerKind::kConstant,
                      .spec = {.is_signed = false, .rounding = Rounding::kFloor},
                      .scale = {1},
                      .zero_point = {3, -4}};
  Quantizer bias = {
      .id = {2}, .name = "bias", .kind = QuantizerKind::kDerived, .factors = {{{0}, {1}}}};
  metadata.quantizers = {input, weight, bias};
  metadata.quants = {{"conv.weight_quant", {1}}, {"conv.bias_quant", {2}}};
  return metadata;
}

/// The example's JSON after an edit.
template <class Edit>
std::string edited(const Edit& edit) {
  nlohmann::json json = nlohmann::json::parse(to_json(example()));
  edit(json);
  return json.dump();
}

TEST(FileMetadata, ComesBackFromItsText) {
  EXPECT_EQ(file_metadata_from(to_json(example())), example());
  EXPECT_EQ(file_metadata_from(to_json({})), FileMetadata());
}

TEST(FileMetadata, RefusesAnotherVersion) {
  expect_error(ErrorCode::kParse, "it has version 2, this quern reads version 1",
               [] { file_metadata_from(edited([](auto& json) { json["version"] = 2; })); });
}

TEST(FileMetadata, RefusesTextOfAnotherForm) {
  for (const char* text : {"", "null", "[1]", "{}", R"({"version":"1"})", "{\"version\":1}"}) {
    expect_error(ErrorCode::kParse, "it is damaged", [&] { file_metadata_from(text); });
  }
}

TEST(FileMetadata, RefusesEntriesThatDoNotExist) {
  const auto refused = [](const auto& edit, const std::string& part) {
    expect_error(ErrorCode::kParse, part, [&] { file_metadata_from(edited(edit)); });
  };
  refused([](auto& json) { json["quants"]["x"] = 7; }, "it names entry 7 of a list of 3");
  refused([](auto& json) { json["quantizers"][0]["scale"] = 9; }, "it names entry 9");
  refused([](auto& json) { json["quantizers"][0]["scale"] = -1; }, "it names entry -1");
  refused([](auto& json) { json["quantizers"][2]["factors"] = {0, -1}; }, "it names entry -1");
  refused(
      [](auto& json) {
        json["quantizers"][2]["factors"] = {2, 1};
      },
      "'bias' is derived from a derived one");
  refused([](auto& json) { json["quantizers"][2]["factors"] = {0}; }, "it is damaged");
  refused([](auto& json) { json["quantizers"][0]["spec"]["bits"] = 64; }, "bits must be 1 to 32");
  refused([](auto& json) { json["quantizers"][0]["kind"] = "odd"; }, "'odd' is not a quantizer");
}

TEST(FileMetadata, ComparesATensorWithItsShape) {
  const auto refused = [](const std::string& key, const nlohmann::json& value) {
    expect_error(ErrorCode::kParse, "", [&] {
      file_metadata_from(
          edited([&](auto& json) { json["quantizers"][0]["state"]["bytes"][key] = value; }));
    });
  };
  refused("shape", {1'000'000'000, 1'000'000'000});
  refused("shape", {-5});
  refused("dtype", "float32");
  refused("dtype", "float3");
  refused("data", "*");
}

TEST(FileMetadata, RefusesWhatJsonCannotHold) {
  FileMetadata metadata = example();
  metadata.preprocessing->scale = std::numeric_limits<double>::infinity();
  expect_error(ErrorCode::kInvalidArgument, "not finite", [&] { to_json(metadata); });
  metadata = example();
  metadata.graph_name = "\xff";
  expect_error(ErrorCode::kInvalidArgument, "a name is not UTF-8", [&] { to_json(metadata); });
}

}  // namespace
}  // namespace quern
