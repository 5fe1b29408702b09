#include "quern/data/class_balance.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

LabelledSet fires(std::vector<std::uint8_t> targets) {
  LabelledSet set;
  set.outputs = {"smoke", "fire"};
  set.samples.resize(targets.size() / 2);
  set.targets = std::move(targets);
  return set;
}

LabelledSet classes(const std::vector<std::int64_t>& labels) {
  LabelledSet set;
  for (const std::int64_t label : labels) set.samples.push_back({.path = "a", .label = label});
  return set;
}

TEST(ClassBalance, CountsEveryOutputAndWhatIsBeside) {
  EXPECT_EQ(to_text(class_balance(fires({0, 1, 1, 1, 0, 1, 0, 0}))),
            "4 pictures: smoke 1 (25.0 %), fire 3 (75.0 %), several 1 (25.0 %), none 1 (25.0 %)");
}

TEST(ClassBalance, CountsClasses) {
  EXPECT_EQ(to_text(class_balance(classes({1, 1, 0, -1}))),
            "4 pictures: class 0 1 (25.0 %), class 1 2 (50.0 %), none 1 (25.0 %)");
  LabelledSet named = classes({1});
  named.outputs = {"cat", "dog", "fox"};
  EXPECT_EQ(to_text(class_balance(named)),
            "1 pictures: cat 0 (0.0 %), dog 1 (100.0 %), fox 0 (0.0 %)");
}

TEST(ClassBalance, NamesTheEndsOfManyClasses) {
  EXPECT_EQ(to_text(class_balance(classes({0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12}))),
            "13 pictures: 13 classes, rarest class 11 0 (0.0 %), most frequent class 0 2 (15.4 %)");
}

TEST(RequireLearnable, NamesWhatIsMissing) {
  require_learnable(fires({0, 1, 1, 0}), "training");
  require_learnable(classes({0, 3}), "training");
  expect_error(ErrorCode::kParse, "training: none of 2 shows smoke, so it can not be learned", [] {
    require_learnable(fires({0, 1, 0, 0}), "training");
  });
  expect_error(ErrorCode::kParse, "training: there is none",
               [] { require_learnable({}, "training"); });
  expect_error(ErrorCode::kParse, "training: 1 of 2 have no label", [] {
    require_learnable(classes({0, -1}), "training");
  });
}

}  // namespace
}  // namespace quern
