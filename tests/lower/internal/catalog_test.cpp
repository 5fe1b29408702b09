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

TEST(LowerCatalog, EveryOpIsLoweredOrHasALoweredOneNearIt) {
  for (const OpDef* def : ops()) {
    if (find_lowering(def->op) != nullptr || kConstants.contains(def->op)) continue;
    const std::string nearest = nearest_lowerable(def->op);
    EXPECT_THAT(nearest, testing::Not(testing::StartsWith("the op "))) << def->op;
    std::istringstream words(nearest);
    std::string word;
    bool has_lowered = false;
    while (words >> word) {
      std::erase(word, ',');
      if (word.ends_with("Relus")) word.pop_back();
      has_lowered |= find_lowering(word) != nullptr;
    }
    EXPECT_TRUE(has_lowered) << def->op << ": " << nearest;
  }
}

TEST(LowerCatalog, AnUnknownOpHasTheNearestName) {
  EXPECT_EQ(nearest_lowerable("MaxPool2d"), "the op MaxPool");
}

}  // namespace
}  // namespace quern::internal
