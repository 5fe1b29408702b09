#include "tests/support/quantized_network.h"

#include "quern/calibrate/calibrate.h"
#include "quern/data/synthetic.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/network.h"

namespace quern::test {

QuantizedNetwork quantized_network(const std::filesystem::path& folder, int weight_bits) {
  Network net(3, 16, /*seed=*/3);
  const ValueId stem = net.op("stem.relu", "Relu", {net.conv("stem", net.input(), {.bias = true})});
  const ValueId wide = net.op("wide.relu", "Relu", {net.conv("wide", stem, {.groups = 4})});
  const ValueId sum = net.op("add", "Add", {net.conv("narrow", wide, {.kernel = 1}), stem});
  QuantizedNetwork made{.graph = net.finish({net.head("head", sum)})};
  made.float_graph = made.graph;

  write_synthetic_photos(folder, /*count=*/6, /*seed=*/7);
  made.samples = read_samples(folder / "list.txt");
  made.loader.preprocessing = {.resize = 16, .crop = 16};
  place_quantizers(made.graph, {.weight_bits = weight_bits});
  calibrate(made.graph, made.samples, {.loader = made.loader});
  return made;
}

}  // namespace quern::test
