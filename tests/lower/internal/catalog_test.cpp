#include "quern/lower/internal/catalog.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

#include "quern/ops/op_def.h"

namespace quern::internal {
namespace {

/// Those that no activation goes into: they are computed before a network is lowered.
const std::set<std::string, std::less<>> kConstants = {"Constant", "ConstantOfShape", "Range"};

/// Whether an op that can be lowered is among the words.
bool names_lowered(const std::string& sentence) {
  std::istringstream words(sentence);
  std::string word;
  while (words >> word) {
    std::erase(word, ',');
    if (word.ends_with("Relus") || word.ends_with("Muls")) word.pop_back();
    if (find_lowering(word) != nullptr) return true;
  }
  return false;
}

TEST(LowerCatalog, EveryOpIsLoweredOrSaysWhatToDo) {
  for (const OpDef* def : ops()) {
    if (find_lowering(def->op) != nullptr || kConstants.contains(def->op)) continue;
    const std::string alternative = alternative_to(def->op);
    EXPECT_THAT(alternative, testing::Not(testing::StartsWith("the op "))) << def->op;
    EXPECT_NE(names_lowered(alternative), alternative.starts_with("nothing that can be lowered "))
        << def->op << ": " << alternative;
  }
}

TEST(LowerCatalog, NamesWhatCouldStandThere) {
  EXPECT_EQ(alternative_to("PRelu"), "a LeakyRelu can be lowered");
  EXPECT_EQ(alternative_to("Exp"),
            "nothing that can be lowered takes its place: end the network in front of it, and "
            "compute it in the program that runs the network");
}

TEST(LowerCatalog, AnUnknownOpHasTheNearestName) {
  EXPECT_EQ(alternative_to("MaxPool2d"), "the op MaxPool can be lowered");
}

}  // namespace
}  // namespace quern::internal
