#include "quern/lower/provenance.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(Provenance, IsReadAsItWasWritten) {
  Provenance given{.options = {Fold::kThresholds, RequantizeRounding::kFloor},
                   .network = "é net",
                   .preprocessing = Preprocessing{.resize = {}, .crop = 32, .bgr = true},
                   .label_offset = -1,
                   .outputs = {"logits", "features"},
                   .source = "run/models/quantized.onnx",
                   .source_sha256 = "abc"};
  EXPECT_EQ(provenance_of({.provenance = to_texts(given)}), given);
  given.preprocessing.reset();
  given.source.clear();
  given.source_sha256.clear();
  EXPECT_EQ(provenance_of({.provenance = to_texts(given)}), given);
}

TEST(Provenance, IsRefusedWhereItIsDamaged) {
  const auto expect_refused = [](const std::string& key, const std::string& text) {
    IntModel model{.provenance = to_texts({})};
    model.provenance[key] = text;
    test::expect_error(ErrorCode::kParse, "what the integer network says of its origin",
                       [&] { provenance_of(model); });
  };
  expect_refused("fold", "none");
  expect_refused("rounding", "");
  expect_refused("quern", "{");
}

}  // namespace
}  // namespace quern
