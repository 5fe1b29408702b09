#include "quern/pipeline/ready_inputs.h"

#include <gmock/gmock.h>

#include "quern/tensor/npz.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

class ReadInputs : public testing::Test {
 protected:
  /// A network of nothing but inputs.
  static Graph graph_of(const std::vector<std::string>& inputs) {
    Graph graph;
    for (const std::string& name : inputs) graph.add_input(name, DType::kFloat32, {{}, {3}});
    return graph;
  }

  std::vector<Tensor> read(const std::map<std::string, Tensor>& arrays, const Graph& graph) const {
    write_npz(folder_ / "inputs.npz", arrays);
    return read_inputs(folder_ / "inputs.npz", graph);
  }

  test::TemporaryFolder folder_;
  Tensor two_{DType::kFloat32, {2, 3}};
  Tensor five_{DType::kFloat32, {5, 3}};
};

TEST_F(ReadInputs, TakesArraysByTheNamesOfTheInputs) {
  const Tensor other = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(read({{"a", two_}, {"b", other}, {"y", five_}}, graph_of({"b", "a"})),
              ElementsAre(other, two_));
}

TEST_F(ReadInputs, TheOnlyInputMayBeCalledX) {
  EXPECT_THAT(read({{"x", two_}, {"y", five_}}, graph_of({"image"})), ElementsAre(two_));
  EXPECT_THAT(read({{"x", two_}, {"image", five_}}, graph_of({"image"})), ElementsAre(five_));
}

TEST_F(ReadInputs, SaysWhatIsMissing) {
  expect_error(ErrorCode::kParse, "inputs.npz: no array is called 'image'", [&] {
    read({{"y", two_}}, graph_of({"image"}));
  });
  expect_error(ErrorCode::kParse, "no array is called 'b'", [&] {
    read({{"a", two_}, {"x", two_}}, graph_of({"a", "b"}));
  });
  expect_error(ErrorCode::kParse, "array 'b' holds 5 samples, expected 2", [&] {
    read({{"a", two_}, {"b", five_}}, graph_of({"a", "b"}));
  });
  expect_error(ErrorCode::kParse, "array 'x' of shape [] holds no samples", [&] {
    read({{"x", Tensor::scalar(1.0F)}}, graph_of({"image"}));
  });
  expect_error(ErrorCode::kParse, "array 'x' has the shape [2, 1, 3], expected [?, 3]", [&] {
    read({{"x", two_.reshaped({2, 1, 3})}}, graph_of({"image"}));
  });
  expect_error(ErrorCode::kParse, "array 'x' has the shape [2, 1], expected [?, 3]", [&] {
    read({{"x", Tensor(DType::kFloat32, {2, 1})}}, graph_of({"image"}));
  });
  expect_error(ErrorCode::kIo, "none.npz",
               [&] { read_inputs(folder_ / "none.npz", graph_of({"image"})); });
}

}  // namespace
}  // namespace quern
