#include "quern/exporters/c_code.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/base/process.h"
#include "quern/exporters/internal/c_text.h"
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

/// A program that runs both networks in one arena and compares nothing.
constexpr std::string_view kTwoNetworks = R"(#include "first/model.h"
#include "second/model.h"

static uint32_t arena[(FIRST_ARENA_BYTES + SECOND_NET_ARENA_BYTES + 3) / 4];

int main(void) {
  const FirstTensor* input = &first_inputs[0];
  const SecondNetTensor* output = &second_net_outputs[0];
  (void)input;
  (void)output;
  return first_run(arena) + second_net_run(arena);
}
)";

TEST(ExportC, TwoNetworksOfDifferentPrefixesFitIntoOneProgram) {
  const test::TemporaryFolder folder;
  const IntModel first = small_network(), second = test::every_op(6);
  export_c(first, folder / "first", {.prefix = "first"});
  export_c(second, folder / "second", {.prefix = "second_net"});
  for (const char* const name : {"first", "second"}) EXPECT_EQ(make_host(folder / name), 0) << name;
  write_file(folder / "main.c", kTwoNetworks);
  std::vector<std::string> command = {"cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"};
  for (const char* const path : {"", "first", "second"}) {
    command.push_back("-I" + (folder / path).string());
  }
  for (const char* const path : {"main.c", "first/model.c", "second/model.c"}) {
    command.push_back((folder / path).string());
  }
  std::map<std::string, std::string> kernels = to_c(first);
  kernels.merge(to_c(second));
  for (const auto& [path, text] : kernels) {
    if (!path.starts_with("quern/") || !path.ends_with(".c")) continue;
    const fs::path in_first = folder / "first" / path;
    command.push_back((fs::exists(in_first) ? in_first : folder / "second" / path).string());
  }
  command.insert(command.end(), {"-o", (folder / "both").string()});
  EXPECT_EQ(run_process(command, {.errors = folder / "log"}), 0) << read_text(folder / "log");
  EXPECT_EQ(run_process({(folder / "both").string()}), 0);
}

TEST(ExportC, APrefixIsInEveryNameOfTheNetwork) {
  for (const auto& [path, text] : to_c(small_network(), {.prefix = "door_bell"})) {
    for (const char* const word : {"model_", "MODEL_", "ModelTensor"}) {
      EXPECT_THAT(text, Not(HasSubstr(word))) << path;
    }
  }
}

TEST(ExportC, RefusesAPrefixThatNamesCanNotBeginWith) {
  for (const char* const prefix : {"", "2nd", "_x", "door-bell", "tür", "a b"}) {
    test::expect_error(ErrorCode::kInvalidArgument, "can not begin a name in C",
                       [&] { to_c(small_network(), {.prefix = prefix}); });
  }
  for (const char* const prefix : {"quern", "Quern_2"}) {
    test::expect_error(ErrorCode::kInvalidArgument, "is that of the kernels' names",
                       [&] { to_c(small_network(), {.prefix = prefix}); });
  }
}

TEST(ExportC, TheSelfTestComputesTheCodesThatItIsGiven) {
  const test::TemporaryFolder folder;
  const std::vector<std::uint8_t> codes(60, 77);
  export_c(small_network(), folder.path(), {.golden = {codes}});
  EXPECT_EQ(make_host(folder.path()), 0);
  EXPECT_THAT(read_text(folder / "golden.h"), HasSubstr("model_golden_input_0[] = {\n    77, 77,"));
}

TEST(ExportC, RefusesGoldenCodesThatAnInputDoesNotTake) {
  const auto refused = [](const IntModel& model, std::vector<std::vector<std::uint8_t>> golden,
                          const char* message) {
    test::expect_error(ErrorCode::kInvalidArgument, message,
                       [&] { to_c(model, {.golden = std::move(golden)}); });
  };
  refused(small_network(), {{1}, {2}}, "golden codes of 2 inputs, the network has 1");
  refused(small_network(), {{1, 2}}, "2 golden codes, the input '");
  test::IntNetwork narrow(1);
  const IntModel model = narrow.finish({narrow.conv(narrow.input(1, 1, 2, 4), 4, 1, 1, 4, 8)});
  refused(model, {{1, 16}}, "a golden code of 16, the input '");
}

TEST(ExportC, LinksNoKernelThatAnotherNetworkLeft) {
  const test::TemporaryFolder folder;
  export_c(test::every_op(5), folder.path());
  write_file(folder / "quern/runtime/depthwise_w8.c", std::string_view("#error \"not mine\"\n"));
  export_c(small_network(), folder.path());
  EXPECT_EQ(make_host(folder.path()), 0) << read_text(folder / "log");
  EXPECT_THAT(to_c(small_network()).at("Makefile"),
              HasSubstr("network := model.c \\\n  quern/runtime/conv.c \\\n"));
}

TEST(ExportC, NoPrefixClashes) {
  IntModel model = small_network();
  model.ops[0].layer = "run";
  for (const char* const prefix : {"op0", "write", "trace", "platform", "put", "schedule", "Step",
                                   "TAP", "main", "int32", "static", "memcpy"}) {
    const test::TemporaryFolder folder;
    export_c(model, folder.path(), {.prefix = prefix});
    std::vector<std::string> command = {"cc",      "-std=c99", "-pedantic",     "-Wall",
                                        "-Wextra", "-Wshadow", "-fsyntax-only", "-Werror"};
    command.push_back("-D" + internal::upper(prefix) + "_TAP=trace_step");
    command.push_back("-I" + folder.path().string());
    for (const char* const source : {"model.c", "self_test.c", "trace.c"}) {
      command.push_back((folder / source).string());
    }
    EXPECT_EQ(run_process(command, {.errors = folder / "log"}), 0)
        << prefix << ": " << read_text(folder / "log");
  }
}

TEST(ExportC, DoesNotLinkIntoTooLittleMemory) {
  if (run_process({"sh", "-c", "command -v arm-none-eabi-gcc > /dev/null"}) != 0) {
    GTEST_SKIP() << "arm-none-eabi-gcc is not installed";
  }
  const test::TemporaryFolder folder;
  export_c(small_network(), folder.path());
  for (const auto& [limit, region] : {std::pair("FLASH=1K", "FLASH"), std::pair("RAM=4K", "RAM")}) {
    EXPECT_NE(run_process({"make", "-C", folder.path().string(), "build/m4/self_test", limit},
                          {.output = folder / "log", .errors = folder / "errors"}),
              0)
        << limit;
    EXPECT_THAT(read_text(folder / "errors"),
                HasSubstr(std::string("region `") + region + "' overflowed by "));
  }
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
