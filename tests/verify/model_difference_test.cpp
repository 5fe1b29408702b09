#include "quern/verify/model_difference.h"

#include <gmock/gmock.h>

#include "tests/support/int_network.h"

namespace quern {
namespace {

using testing::HasSubstr;

class ModelDifferences : public testing::Test {
 protected:
  /// The first op of a kind, and its layer.
  template <class Kind>
  Kind& first(std::string* layer = nullptr) {
    for (IntOp& op : changed_.ops) {
      if (!std::holds_alternative<Kind>(op.kind)) continue;
      if (layer != nullptr) *layer = op.layer;
      return std::get<Kind>(op.kind);
    }
    throw std::logic_error("the network has no such op");
  }

  void expect_difference(const std::string& sentence) const {
    const auto found = find_difference(changed_, model_);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->sentence, HasSubstr(sentence));
  }

  IntModel model_ = test::every_op(/*seed=*/5);
  IntModel changed_ = model_;
};

TEST_F(ModelDifferences, AreNoneInSchedulesMemoryOrProvenance) {
  changed_.schedule.clear();
  changed_.memory = {};
  changed_.provenance["by"] = "hand";
  EXPECT_FALSE(find_difference(changed_, model_).has_value());
}

TEST_F(ModelDifferences, NameTheLayerAndTheWeight) {
  std::string layer;
  auto& conv = first<IntConv>(&layer);
  conv.weights.words[0] ^= 1;
  const auto found = find_difference(changed_, model_);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->layer, layer);
  EXPECT_THAT(found->sentence, HasSubstr("weight 0 of channel 0 is "));
}

TEST_F(ModelDifferences, NameTheNumber) {
  first<IntConv>().bias[2] += 1;
  expect_difference("bias 2 is ");
  changed_ = model_;
  first<IntConv>().requantization.shift[0] += 1;
  expect_difference("shift 0 is ");
  changed_ = model_;
  first<IntConv>().requantization.multiplier[0] -= 1;
  expect_difference("multiplier 0 is ");
  changed_ = model_;
  first<IntAdd>().factor_b += 1;
  expect_difference("the second factor is ");
  changed_ = model_;
  first<IntAffine>().bias[0] += 1;
  expect_difference("bias 0 is ");
  changed_ = model_;
  first<IntLookup>().table[1] ^= 1;
  expect_difference("entry of the table 1 is ");
  changed_ = model_;
  first<IntPad>().value += 1;
  expect_difference("the value is ");
  changed_ = model_;
  first<IntAveragePool>().requantization.high -= 1;
  expect_difference("the largest code is ");
  changed_ = model_;
  first<IntResize>().row[0] = static_cast<std::uint16_t>(first<IntResize>().row[0] + 1);
  expect_difference("row 0 is ");
  changed_ = model_;
  first<IntMaxPool>().window.stride_width += 1;
  expect_difference("its window is another");
}

TEST_F(ModelDifferences, NameRemaindersAndThresholds) {
  Requantization& to = first<IntConv>().requantization;
  to.remainder = {4, 5};
  to.thresholds = {7, 9};
  model_ = changed_;
  to.remainder[1] = 6;
  expect_difference("remainder 1 is 6, expected 5");
  to.remainder[1] = 5;
  to.thresholds[0] = 8;
  expect_difference("threshold 0 is 8, expected 7");
  to.thresholds.pop_back();
  expect_difference("there are 1 of threshold, expected 2");
}

TEST_F(ModelDifferences, NameWhatHasAnotherForm) {
  changed_.ops.pop_back();
  expect_difference("the number of ops is ");
  changed_ = model_;
  changed_.tensors.back().scale[0] *= 2;
  expect_difference("scale of its output 0 is ");
}

}  // namespace
}  // namespace quern
