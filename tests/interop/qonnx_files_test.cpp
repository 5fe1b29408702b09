// QONNX files that other tools wrote, each with inputs and the outputs that its tool computed;
// skipped where the reference data is not at hand.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "quern/executor/plan.h"
#include "quern/exporters/qonnx.h"
#include "quern/importers/onnx.h"
#include "quern/tensor/npz.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// Of the range of the outputs: float sums in another order flip a code here and there, which the
/// layers after it amplify.
constexpr double kMostDifference = 0.02;

/// interop/ in $QUERN_DATA, or in shared/data beside the source tree.
fs::path interop_folder() {
  const char* data = std::getenv("QUERN_DATA");
  return fs::path(data != nullptr ? data : "../shared/data") / "interop";
}

std::vector<fs::path> qonnx_files() {
  std::vector<fs::path> files;
  if (!fs::is_directory(interop_folder())) return files;
  for (const auto& entry : fs::directory_iterator(interop_folder())) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<Tensor> inputs_of(const fs::path& file) {
  return {read_npz(fs::path(file).replace_extension(".npz")).at("x")};
}

class QonnxFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (qonnx_files().empty()) GTEST_SKIP() << "no QONNX files in " << interop_folder();
  }
};

TEST_F(QonnxFiles, ReproduceTheOutputsOfTheirTool) {
  for (const fs::path& file : qonnx_files()) {
    SCOPED_TRACE(file.filename());
    const Tensor expected = read_npz(fs::path(file).replace_extension(".npz")).at("y");
    const Tensor got = Plan(import_onnx(file)).run(inputs_of(file)).at(0);
    ASSERT_EQ(got.shape(), expected.shape());

    const auto wanted = expected.data<float>();
    const auto [least, most] = std::ranges::minmax_element(wanted);
    double worst = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      worst = std::max(worst, std::abs(double{got.data<float>()[i]} - double{wanted[i]}));
    }
    EXPECT_LE(worst, kMostDifference * (double{*most} - double{*least}));
  }
}

TEST_F(QonnxFiles, GiveTheSameBitsAfterExport) {
  for (const fs::path& file : qonnx_files()) {
    SCOPED_TRACE(file.filename());
    const Graph graph = import_onnx(file);
    const Graph again = import_onnx(to_qonnx(graph), "again.onnx");
    EXPECT_EQ(Plan(again).run(inputs_of(file)), Plan(graph).run(inputs_of(file)));
  }
}

}  // namespace
}  // namespace quern
