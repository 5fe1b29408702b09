#include "quern/exporters/c_code.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/base/process.h"
#include "tests/support/expect_error.h"
#include "tests/support/int_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A convolution of 4-bit weights alone.
IntModel small_network() {
  test::IntNetwork net(1);
  return net.finish({net.conv(net.input(5, 4, 3, 8), 4, 3, 1, 4, 8)});
}

/// The exit code of `make host`, with warnings as errors; what it says lies in FOLDER/log.
int make_host(const fs::path& folder) {
  return run_process({"make", "-C", folder.string(), "host", "CFLAGS=-O1 -Werror"},
                     {.output = folder / "log"});
}

TEST(ExportC, WritesAFolderWhoseSelfTestPasses) {
  const test::TemporaryFolder folder;
  export_c(test::every_op(5), folder.path());
  EXPECT_EQ(make_host(folder.path()), 0);
  EXPECT_THAT(read_text(folder / "log"), HasSubstr("0 of 187 elements differ"));
}

TEST(ExportC, WritesASelfTestThatFindsAnotherNumber) {
  const test::TemporaryFolder folder;
  IntModel model = small_network();
  export_c(model, folder.path());
  std::get<IntConv>(model.ops[0].kind).bias[0] += 100000;
  write_file(folder / "model.c", std::string_view(to_c(model).at("model.c")));
  EXPECT_NE(make_host(folder.path()), 0);
  EXPECT_THAT(read_text(folder / "log"), HasSubstr(" of 80 elements differ"));
  EXPECT_THAT(read_text(folder / "log"), Not(HasSubstr("\n0 of 80")));
}

TEST(ExportC, CarriesTheKernelsThatAreUsedAsTheyStand) {
  const std::map<std::string, std::string> files = to_c(small_network());
  EXPECT_TRUE(files.contains("quern/runtime/conv_w4.c"));
  EXPECT_TRUE(files.contains("quern/runtime/internal/dot_pixels.h"));
  for (const char* unused : {"conv_w8.c", "depthwise.c", "pool.c", "elementwise.c", "move.h"}) {
    EXPECT_FALSE(files.contains(std::string("quern/runtime/") + unused)) << unused;
  }
  for (const auto& [path, text] : files) {
    if (!path.starts_with("quern/")) continue;
    EXPECT_EQ(text, read_text(path)) << path;
  }
}

TEST(ExportC, IsTheSameTextEveryTime) { EXPECT_EQ(to_c(small_network()), to_c(small_network())); }

TEST(ExportC, LetsNoNameSpeak) {
  const test::TemporaryFolder folder;
  IntModel model = test::every_op(6);
  const std::string hostile =
      "*/ \n#error \"\\\n?"
      "?/ } ; \x01 int main(void) { return 0; } \xff";
  for (std::size_t i = 0; i < model.ops.size(); ++i) model.ops[i].layer = hostile;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    model.tensors[i].name = hostile + std::to_string(i);
  }
  export_c(model, folder.path());
  EXPECT_EQ(make_host(folder.path()), 0);
}

TEST(ExportC, UsesNeitherHeapNorFloats) {
  for (const auto& [path, text] : to_c(test::every_op(7))) {
    if (!path.starts_with("quern/") && !path.starts_with("model.")) continue;
    for (const char* word : {"malloc", "float ", "double "}) {
      EXPECT_THAT(text, Not(HasSubstr(word))) << path;
    }
  }
}

TEST(ExportC, WritesNothingOfAModelThatIsNotWellFormed) {
  const test::TemporaryFolder folder;
  IntModel model = small_network();
  model.schedule.clear();
  test::expect_error(ErrorCode::kParse, "output 1 is not computed",
                     [&] { export_c(model, folder / "c"); });
  EXPECT_FALSE(fs::exists(folder / "c"));
}

TEST(ExportC, LeavesNoMakefileWhereWritingFails) {
  const test::TemporaryFolder folder;
  export_c(small_network(), folder.path());
  fs::remove(folder / "trace.c");
  fs::create_directory(folder / "trace.c");
  test::expect_error(ErrorCode::kIo, "trace.c", [&] { export_c(small_network(), folder.path()); });
  EXPECT_FALSE(fs::exists(folder / "Makefile"));
}

}  // namespace
}  // namespace quern
