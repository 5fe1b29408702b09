#include "quern/graph/name_table.h"

#include <gtest/gtest.h>

#include "quern/graph/ids.h"

namespace quern {
namespace {

TEST(NameTable, GivesATakenNameTheNextSuffix) {
  NameTable<NodeId> names;
  EXPECT_EQ(names.add("a", NodeId{0}), "a");
  EXPECT_EQ(names.add("a_2", NodeId{1}), "a_2");
  EXPECT_EQ(names.add("a", NodeId{2}), "a_3");
  EXPECT_EQ(names.add("a", NodeId{3}), "a_4");
  EXPECT_EQ(names.find("a_3"), NodeId{2});
}

TEST(NameTable, AFreeNameMayBeTakenAgain) {
  NameTable<NodeId> names;
  names.add("a", NodeId{0});
  names.erase("a");
  EXPECT_EQ(names.find("a"), std::nullopt);
  EXPECT_EQ(names.add("a", NodeId{1}), "a");
  names.set("a", NodeId{2});
  EXPECT_EQ(names.find("a"), NodeId{2});
}

}  // namespace
}  // namespace quern
