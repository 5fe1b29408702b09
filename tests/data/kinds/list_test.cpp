#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/kinds/kinds.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::ElementsAre;

TEST(ListSplit, IsNamedWithOrWithoutItsSuffix) {
  const test::TemporaryFolder folder;
  write_file(folder / "train.txt", std::string_view("photos/b.jpg 3\nphotos/a.jpg 1\n"));
  for (const char* name : {"train", "train.txt"}) {
    const LabelledSet set = read_list_split(folder.path(), name);
    EXPECT_THAT(set.samples, ElementsAre(Sample{folder / "photos/b.jpg", 3},
                                         Sample{folder / "photos/a.jpg", 1}));
    EXPECT_FALSE(set.is_multi_label());
  }
}

}  // namespace
}  // namespace quern
