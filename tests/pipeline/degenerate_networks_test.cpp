// Networks and pictures that leave an algorithm nothing to look at: a dead channel, an activation
// that never changes, channels that depend on each other, one picture.
#include <gmock/gmock.h>

#include <cmath>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/evaluate/output_reference.h"
#include "quern/exporters/qonnx.h"
#include "quern/pipeline/quantize.h"
#include "quern/pipeline/report_run.h"
#include "quern/ptq/algorithms.h"
#include "quern/report/json.h"
#include "tests/support/network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::Contains;
using testing::HasSubstr;

/// Changes the constant that a layer reads at input `position`.
template <class Change>
void change(Graph& graph, const std::string& layer, std::size_t position, const Change& change) {
  const ValueId value = graph.node(graph.find_layer(layer).value()).inputs.at(position);
  Tensor changed = *graph.value(value).constant;
  change(changed.mutable_data<float>());
  graph.set_constant(value, changed);
}

/// A residual add, a concat, a depthwise and a grouped convolution. The stem's channel 0 is dead
/// and its channels 2 and 3 are equal; 'still' gives the same number everywhere.
Graph degenerate_network() {
  test::Network net(3, 16, /*seed=*/3);
  const ValueId stem = net.op("stem.relu", "Relu", {net.conv("stem", net.input(), {.bias = true})});
  const ValueId wide = net.op("wide.relu", "Relu", {net.conv("wide", stem, {.groups = 4})});
  const ValueId still = net.conv("still", wide, {.kernel = 1, .bias = true});
  const ValueId sum = net.op("add", "Add", {net.conv("narrow", wide, {.groups = 2}), stem});
  const ValueId both = net.op("concat", "Concat", {sum, still}, {{"axis", std::int64_t{1}}});
  Graph graph = net.finish({net.head("head", net.conv("last", both, {.kernel = 1}))});
  change(graph, "stem", 1, [](std::span<float> weight) {
    constexpr std::size_t kRow = 27;  // Of one output channel.
    std::ranges::fill(weight.first(kRow), 0.0F);
    std::ranges::copy(weight.subspan(2 * kRow, kRow), weight.subspan(3 * kRow).begin());
  });
  change(graph, "stem", 2, [](std::span<float> bias) {
    bias[0] = 0;
    bias[3] = bias[2];
  });
  change(graph, "still", 1, [](std::span<float> weight) { std::ranges::fill(weight, 0.0F); });
  change(graph, "still", 2, [](std::span<float> bias) { std::ranges::fill(bias, 0.5F); });
  return graph;
}

class DegenerateNetworks : public testing::TestWithParam<std::string> {
 protected:
  DegenerateNetworks() {
    write_synthetic_photos(folder_.path(), 6, /*seed=*/5);
    recipe_.model.source = (folder_ / "network.onnx").string();
    export_qonnx(degenerate_network(), recipe_.model.source, {.batch = 0});
    recipe_.data.calibration = (folder_ / "list.txt").string();
    recipe_.data.preprocess = {.resize = 16, .crop = 16};
    recipe_.quantize.weight_bits = 4;
    recipe_.ptq.algorithms = {GetParam()};
    recipe_.ptq.iterations = 20;
  }

  double sqnr_db(const QuantizeResult& result) const {
    return OutputReference(result.loaded, calibration_samples(recipe_),
                           loader_options(recipe_, *result.loaded.preprocessing))
        .sqnr_db(result.graph);
  }

  RunReport report(const QuantizeResult& result) const {
    write_report(folder_ / "run", report_of(recipe_, result).value(), result.stages);
    return report_from_json(read_text(folder_ / "run/report/report.json"), "report.json");
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_P(DegenerateNetworks, AreQuantizedWithANoteOfWhatIsDead) {
  const QuantizeResult result = quantize(recipe_);
  verify(result.graph);  // Finite.
  // Half of what four bits leave at worst: 6 dB a bit.
  EXPECT_GT(sqnr_db(result), 12);
  const RunReport made = report(result);
  EXPECT_THAT(made.notes,
              Contains(HasSubstr(
                  "weight scales belong to weights of 0, or next to it, only, in 2 layers")));
  // That scales each channel of 'still' by a factor of its own.
  if (GetParam() == "equalize_activations") return;
  EXPECT_THAT(made.notes, Contains(HasSubstr("all but constant")));
}

TEST_P(DegenerateNetworks, AreQuantizedOnOnePictureWithANote) {
  recipe_.data.limit = 1;
  const QuantizeResult result = quantize(recipe_);
  verify(result.graph);
  EXPECT_TRUE(std::isfinite(sqnr_db(result)));
  EXPECT_THAT(report(result).notes, Contains(HasSubstr("calibrated on one picture")));
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const PtqAlgorithm& algorithm : ptq_algorithms()) names.emplace_back(algorithm.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryAlgorithm, DegenerateNetworks, testing::ValuesIn(algorithm_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace quern
