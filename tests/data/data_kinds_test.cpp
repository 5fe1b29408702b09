#include "quern/data/data_kinds.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DataKinds, AreFoundByName) {
  for (const DataKind& kind : data_kinds()) EXPECT_EQ(find_data_kind(kind.name).read, kind.read);
  expect_error(ErrorCode::kInvalidArgument, "'d-fire' is not a kind of data (nearest: 'dfire')",
               [] { find_data_kind("d-fire"); });
  expect_error(ErrorCode::kUnsupported,
               "labels of the form VOC are not read, since their folders lie in no one way "
               "(supported: YOLO's, of the kinds 'dfire' and 'fasdd', and COCO's, of 'fasdd')",
               [] { find_data_kind("voc"); });
}

TEST(DataKinds, RefuseAFolderThatIsNotThere) {
  const test::TemporaryFolder folder;
  for (const DataKind& kind : data_kinds()) {
    expect_error(ErrorCode::kIo, "gone", [&] { kind.read(folder / "gone", "train"); });
  }
}

/// Two kinds with both orders of ids, in one set.
TEST(ReadSplit, MixesKinds) {
  const test::TemporaryFolder folder;
  const auto write = [&](const char* name, std::string_view text) {
    write_file(folder / name, text);
  };
  write("d/test/images/a.jpg", "");
  write("d/test/labels/a.txt", "0 0.5 0.5 0.1 0.1\n");
  write("f/images/b.jpg", "");
  write("f/annotations/YOLO_CV/labels/b.txt", "0 0.5 0.5 0.1 0.1\n");
  write("f/annotations/YOLO_CV/test.txt", "images/b.jpg\n");

  const LabelledSet set = read_split({{"dfire", folder / "d"}, {"fasdd", folder / "f"}}, "test");
  EXPECT_THAT(set.outputs, ElementsAre("smoke", "fire"));
  ASSERT_EQ(set.samples.size(), 2);
  EXPECT_THAT(set.targets_of(0), ElementsAre(1, 0));
  EXPECT_THAT(set.targets_of(1), ElementsAre(0, 1));
}

}  // namespace
}  // namespace quern
