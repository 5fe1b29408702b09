#include "quern/data/labelled_set.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/expect_error.h"
#include "tests/support/one_of_each.h"

namespace quern {
namespace {

using test::expect_error;
using test::one_of_each;
using testing::ElementsAre;
using testing::HasSubstr;

/// Pictures 0 … count − 1; output 0 says whether the number is odd, output 1 whether it is 3.
LabelledSet numbered(int count) {
  LabelledSet set;
  set.outputs = {"odd", "three"};
  for (int i = 0; i < count; ++i) {
    set.samples.push_back({.path = std::to_string(i), .label = -1});
    set.targets.push_back(i % 2);
    set.targets.push_back(i == 3 ? 1 : 0);
  }
  return set;
}

std::vector<int> numbers(const LabelledSet& set) {
  std::vector<int> found;
  for (const Sample& sample : set.samples) found.push_back(std::stoi(sample.path.string()));
  return found;
}

TEST(Subset, TakesTargetsAlong) {
  LabelledSet set = numbered(5);
  set.notes = {"odd"};
  const LabelledSet chosen = subset(set, {3, 0});
  EXPECT_THAT(numbers(chosen), ElementsAre(3, 0));
  EXPECT_THAT(chosen.targets, ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(chosen.targets_of(0), ElementsAre(1, 1));
  EXPECT_EQ(chosen.outputs, set.outputs);
  EXPECT_EQ(chosen.notes, set.notes);
}

TEST(Subset, OfOneClassAPictureHasNoTargets) {
  LabelledSet set;
  set.samples = {{.path = "a", .label = 4}, {.path = "b", .label = 2}};
  const LabelledSet chosen = subset(set, {1});
  EXPECT_FALSE(chosen.is_multi_label());
  EXPECT_EQ(chosen.samples.at(0).label, 2);
}

TEST(Spread, CoversTheWholeSet) {
  const std::vector<int> found = numbers(spread(numbered(1000), 100));
  EXPECT_EQ(found.size(), 100U);
  EXPECT_EQ(std::set<int>(found.begin(), found.end()).size(), found.size());
  EXPECT_TRUE(std::ranges::is_sorted(found));
  EXPECT_EQ(numbers(spread(numbered(1000), 100)), found);
  for (int tenth = 0; tenth < 10; ++tenth) {
    EXPECT_GT(std::ranges::count(found, tenth, [](int x) { return x / 100; }), 0) << tenth;
  }
  EXPECT_EQ(spread(numbered(3), 0).samples.size(), 3);
  EXPECT_EQ(spread(numbered(3), 9).samples.size(), 3);
  expect_error(ErrorCode::kInvalidArgument, "limit must be 0 (all) or more, got -1",
               [] { spread(numbered(3), -1); });
}

TEST(Spread, MeetsEveryClassOfAListThatTakesTurns) {
  LabelledSet set;
  for (int i = 0; i < 10000; ++i)
    set.samples.push_back({.path = std::to_string(i), .label = i % 10});
  for (const int limit : {200, 1000, 8000}) {
    std::vector<int> pictures(10, 0);
    for (const Sample& sample : spread(set, limit).samples) {
      ++pictures[static_cast<std::size_t>(sample.label)];
    }
    // Drawn with a tenth each, a class has a count that spreads by less than its root.
    const double mean = limit / 10.0;
    const double tolerance = 4 * std::sqrt(mean);
    for (const int count : pictures) EXPECT_NEAR(count, mean, tolerance) << limit;
  }
}

TEST(HoldOut, KeepsNeighboursTogether) {
  const HoldOut parts = hold_out(numbered(100), 0.2);
  EXPECT_THAT(numbers(parts.held),
              ElementsAre(32, 33, 34, 35, 36, 37, 38, 39, 72, 73, 74, 75, 76, 77, 78, 79));
  EXPECT_EQ(parts.kept.samples.size(), 84);
  std::vector<int> all = numbers(parts.kept);
  std::ranges::copy(numbers(parts.held), std::back_inserter(all));
  EXPECT_EQ(std::set<int>(all.begin(), all.end()).size(), 100);
}

TEST(HoldOut, RefusesAnEmptyPart) {
  expect_error(ErrorCode::kInvalidArgument, "hold_out must be above 0 and below 1, got 1",
               [] { hold_out(numbered(100), 1.0); });
  expect_error(ErrorCode::kInvalidArgument, "leaves 20 to train on and 0 to validate with",
               [] { hold_out(numbered(20), 0.1); });
}

TEST(Join, PutsSetsOneBehindTheOther) {
  LabelledSet second = numbered(2);
  second.notes = {"a note"};
  const LabelledSet all = join({numbered(1), second});
  EXPECT_THAT(numbers(all), ElementsAre(0, 0, 1));
  EXPECT_THAT(all.targets, ElementsAre(0, 0, 0, 0, 1, 0));
  EXPECT_THAT(all.notes, ElementsAre("a note"));
}

TEST(Join, SharesClassesByName) {
  const LabelledSet all = join({one_of_each({"bird", "cat"}), one_of_each({"ant", "cat"})});
  EXPECT_THAT(all.outputs, ElementsAre("ant", "bird", "cat"));
  EXPECT_THAT(all.samples,
              ElementsAre(Sample{"bird", 1}, Sample{"cat", 2}, Sample{"ant", 0}, Sample{"cat", 2}));
}

TEST(Join, RefusesOtherOutputs) {
  LabelledSet classes;
  classes.samples = {{.path = "a", .label = 0}};
  LabelledSet other = numbered(1);
  other.outputs = {"even", "three"};
  expect_error(ErrorCode::kInvalidArgument,
               "one has the outputs odd, three and another the outputs even, three", [&] {
                 join({numbered(1), other});
               });
  expect_error(ErrorCode::kInvalidArgument, "another one class a picture", [&] {
    join({numbered(1), classes});
  });
  expect_error(ErrorCode::kInvalidArgument, "no data set is given", [] { join({}); });
}

}  // namespace
}  // namespace quern
