#include "quern/pipeline/run_folder.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "quern/base/file.h"
#include "quern/base/log.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

TEST(RunFolder, HoldsRecipeLogAndManifest) {
  const test::TemporaryFolder folder;
  Recipe recipe;
  recipe.seed = 5;
  write_file(folder / "in.onnx", std::string_view("abc"));
  {
    RunFolder run(folder / "run");
    run.open(recipe);
    log_info("a line of the log");
    write_file(run.model("m.onnx"), std::string_view("abc"));
    run.add_input((folder / "in.onnx").string());
    run.add_input("zoo:mobilenet_v2");
    run.add_output(run.model("m.onnx"));
    run.add_data({{"root", "photos"}});
    run.write_manifest({{"top1", 50.0}});
    run.keep();
  }
  EXPECT_EQ(read_recipe((folder / "run/recipe.resolved.toml").string()), recipe);
  EXPECT_THAT(read_text(folder / "run/log.txt"), testing::HasSubstr("a line of the log"));
  const auto manifest = nlohmann::json::parse(read_text(folder / "run/manifest.json"));
  // The digest of "abc" is a test vector of FIPS 180-2.
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(manifest["inputs"][(folder / "in.onnx").string()], abc);
  EXPECT_EQ(manifest["inputs"]["zoo:mobilenet_v2"], "");
  EXPECT_EQ(manifest["outputs"]["models/m.onnx"], abc);
  EXPECT_EQ(manifest["data"]["root"], "photos");
  EXPECT_EQ(manifest["results"]["top1"], 50.0);
  EXPECT_EQ(manifest["seed"], 5);
}

TEST(RunFolder, NamesAFolderThatCannotBeMade) {
  const test::TemporaryFolder folder;
  write_file(folder / "file", std::string_view("x"));
  const std::string path = (folder / "file/run").string();
  test::expect_error(ErrorCode::kIo, "cannot write " + path + ": Not a directory",
                     [&] { RunFolder run(path); });
  test::expect_error(ErrorCode::kIo, "cannot write", [&] { RunFolder run(folder / "file"); });
}

TEST(RunFolder, MakesNothingBeforeTheWorkIsDone) {
  const test::TemporaryFolder folder;
  const RunFolder run(folder / "runs/one");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(RunFolder, LeavesNothingWhereAFileCannotBeWritten) {
  const test::TemporaryFolder folder;
  {
    RunFolder run(folder / "runs/one");
    run.open({});
    write_file(run.model("m.onnx"), std::string_view("abc"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));

  write_file(folder / "runs/other/manifest.json", std::string_view("{}"));
  {
    RunFolder run(folder / "runs/one");
    run.open({});
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "runs/one"));
  {
    RunFolder run(folder / "runs/other");
    run.open({});
  }
  EXPECT_EQ(read_text(folder / "runs/other/manifest.json"), "{}");
}

TEST(RunFolder, HoldsTheLogOfTheWork) {
  const test::TemporaryFolder folder;
  RunFolder run(folder / "run");
  log_info("in the middle of the work");
  run.open({});
  EXPECT_THAT(read_text(folder / "run/log.txt"), testing::HasSubstr("in the middle of the work"));
}

}  // namespace
}  // namespace quern
