#include "quern/pipeline/training_material.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/zoo/zoo.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class TrainingMaterialTest : public testing::Test {
 protected:
  TrainingMaterialTest() {
    write_synthetic_photos(folder_.path(), 12, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32};
    recipe_.data.training = recipe_.data.validation = (folder_ / "list.txt").string();
    recipe_.data.cache = "none";
    recipe_.data.preprocess.resize = 32;
  }

  /// A float network of the same outputs.
  static Graph teacher(int input = 32) {
    return make_network("mobilenet_v2_mini", {.input = input, .classes = 10});
  }
  void teach(const Graph& graph) {
    recipe_.train.teacher = (folder_ / "teacher.onnx").string();
    export_qonnx(graph, recipe_.train.teacher);
  }
  void refuses(const char* sentence) {
    test::expect_error(ErrorCode::kInvalidArgument, sentence, [&] { gather(recipe_); });
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(TrainingMaterialTest, CountsAndNamesThePicturesThatCanBeDecoded) {
  write_file(folder_ / "images/0003.jpg", "no picture");
  recipe_.data.skip_bad = true;
  const TrainingMaterial material = gather(recipe_);
  EXPECT_EQ(material.training.samples.size(), 12);
  EXPECT_EQ(material.usable().samples.size(), 11);
  // Both sets hold it, and one sentence says so.
  EXPECT_EQ(std::ranges::count_if(
                material.notes(),
                [](const std::string& note) { return note.find("0003.jpg") != std::string::npos; }),
            1);
  EXPECT_EQ(material.outputs(), 10);
}

TEST_F(TrainingMaterialTest, RefusesABipolarHeadForOneClassAPicture) {
  recipe_.exports.bipolar_head = true;
  refuses(
      "export.bipolar_head answers yes or no at every output, the pictures have one class each");
}

TEST_F(TrainingMaterialTest, ATeacherSeesWhatTheNetworkSees) {
  Graph graph = teacher();
  graph.preprocessing = gather(recipe_).preprocessing();
  teach(graph);
  EXPECT_TRUE(gather(recipe_).teacher.has_value());
  graph.preprocessing->mean = {0, 0, 0};
  teach(graph);
  refuses("the teacher: it reads pictures by another scale, mean, std or order");
}

TEST_F(TrainingMaterialTest, RefusesATeacherOfAnotherSize) {
  teach(teacher(64));
  refuses("the teacher: its input is [N, 3, 64, 64], the network's is [N, 3, 32, 32]");
}

TEST_F(TrainingMaterialTest, RefusesATeacherWithQuantizers) {
  teach(teacher());
  recipe_.model = {.source = std::exchange(recipe_.train.teacher, "")};
  teach(gather(recipe_).start.graph);
  refuses("the teacher: it has quantizers, expected a float network");
}

}  // namespace
}  // namespace quern
