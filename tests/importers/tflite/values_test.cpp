#include "quern/importers/tflite/values.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::FileGrid;
using test::TfliteFile;
using tflite::TensorType;

/// Tensors on grids, as values of a graph.
struct Fixture {
  explicit Fixture(const TfliteFile& file)
      : bytes(file.bytes()), model(read_tflite_model(bytes)), values(model, graph) {}

  std::vector<std::byte> bytes;
  TfliteModel model;
  Graph graph;
  TfliteValues values;
};

/// Three tensors: "a" and "b" on one grid, "c" on another.
TfliteFile three_tensors() {
  TfliteFile file;
  file.add("a;fused", TensorType::INT8, {2}, {{0.5F}, {3}});
  file.add("b", TensorType::INT8, {2}, {{0.5F}, {3}});
  file.add("c", TensorType::INT8, {2}, {{0.25F}, {3}});
  return file;
}

TEST(TfliteValues, ShareAQuantizerWhereTheGridsAreTheSame) {
  Fixture f(three_tensors());
  f.values.share_grid(1, 0);
  f.values.share_grid(2, 0);
  EXPECT_EQ(f.values.quantizer(0), f.values.quantizer(1));
  EXPECT_NE(f.values.quantizer(0), f.values.quantizer(2));
  EXPECT_TRUE(f.values.have_one_grid(0, 1));
  EXPECT_FALSE(f.values.have_one_grid(0, 2));
  EXPECT_EQ(f.graph.quantizer(*f.values.quantizer(0)).name, "a.quant");
}

TEST(TfliteValues, KeepAQuantizerEachWhereNothingAsksForOne) {
  Fixture f(three_tensors());
  EXPECT_NE(f.values.quantizer(0), f.values.quantizer(1));
  EXPECT_FALSE(f.values.have_one_grid(0, 1));
}

TEST(TfliteValues, PutAConstantOnItsGrid) {
  TfliteFile file;
  file.constant<std::int8_t>("k", TensorType::INT8, {2}, {4, -1}, {{0.5F}, {2}});
  file.integers("n", {7, 8});
  Fixture f(file);
  const ValueId k = f.values.value(0);
  EXPECT_EQ(f.values.value(0), k);
  ASSERT_NE(f.graph.quant_of(k), nullptr);
  EXPECT_EQ(*f.graph.constant_behind(k), Tensor::of<float>({2}, {1, -1.5F}));
  EXPECT_EQ(*f.graph.value(f.values.value(1)).constant, Tensor::of<std::int64_t>({2}, {7, 8}));
}

TEST(TfliteValues, FollowATensorThatIsAnotherOne) {
  Fixture f(three_tensors());
  const ValueId x = f.graph.add_value("x");
  f.values.define(0, x);
  f.values.define_as(1, 0);
  EXPECT_EQ(f.values.value(1), x);
  EXPECT_EQ(f.values.quantizer(1), f.values.quantizer(0));
}

TEST(TfliteValues, RefuseWhatIsDefinedTwiceOrNever) {
  Fixture f(three_tensors());
  expect_error(ErrorCode::kParse, "'c', which nothing before it computes",
               [&] { f.values.value(2); });
  f.values.define(0, f.graph.add_value("x"));
  for (const auto& again : {+[](TfliteValues& v) { v.define(0, ValueId{0}); },
                            +[](TfliteValues& v) { v.define_as(0, 1); }}) {
    expect_error(ErrorCode::kParse, "which is defined already", [&] { again(f.values); });
  }
  expect_error(ErrorCode::kUnsupported, "'b', which is computed", [&] { f.values.constant(1); });
}

TEST(TfliteValues, RefuseCodesWithoutOneScale) {
  TfliteFile file;
  file.input("none", TensorType::INT8, {2});
  file.input("many", TensorType::INT8, {2}, {{1, 2}, {0, 0}});
  file.input("wide", TensorType::INT32, {2}, {{1}, {0}});
  file.input("text", TensorType::STRING, {2});
  Fixture f(file);
  expect_error(ErrorCode::kParse, "tensor 'none': it holds INT8 codes without a scale",
               [&] { f.values.add_input(0); });
  expect_error(ErrorCode::kUnsupported, "tensor 'many': it has 2 scales",
               [&] { f.values.add_input(1); });
  expect_error(ErrorCode::kUnsupported, "tensor 'wide': it holds INT32 codes",
               [&] { f.values.add_input(2); });
  expect_error(ErrorCode::kUnsupported, "input 'text' has the type STRING",
               [&] { f.values.add_input(3); });
}

TEST(ShortName, EndsWhereTheFusedOpsBegin) {
  EXPECT_EQ(short_name("net/relu/Relu;net/conv/Conv2D"), "net/relu/Relu");
  EXPECT_EQ(short_name("net/relu"), "net/relu");
}

}  // namespace
}  // namespace quern
