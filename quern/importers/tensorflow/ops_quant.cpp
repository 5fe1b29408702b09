// FakeQuant nodes: grids that the file itself puts on weights and activations.
#include <cmath>

#include "quern/importers/tensorflow/ops.h"

namespace quern::tensorflow {
namespace {

void check_range(const NodeTranslation& node, float min, float max) {
  node.check(std::isfinite(min) && std::isfinite(max) && min <= max,
             "its range is [{}, {}], expected finite numbers in order", min, max);
  node.check(min < max, "its range is [{}, {}], a single number: it was never trained", min, max);
}

/// Adds the scale and zero point of one range, nudged so that 0 is a code: in float32, as
/// TensorFlow computes them, since a zero point between two codes rounds by the last digit. Codes
/// count from 0 up, also in a narrow range, where TensorFlow's begin at 1.
void add_range(const NodeTranslation& node, float min, float max, Grid& grid) {
  check_range(node, min, max);
  const auto steps = static_cast<float>((1 << grid.bits) - (grid.narrow_range ? 2 : 1));
  const float first = grid.narrow_range ? 1.0F : 0.0F;
  const float scale = (max - min) / steps;
  node.check(std::isnormal(scale), "its range is [{}, {}], which no grid covers", min, max);
  const float zero = std::round(first - min / scale) - first;
  grid.scale.push_back(scale);
  grid.zero_point.push_back(static_cast<std::int32_t>(std::fmin(std::fmax(zero, 0.0F), steps)));
}

Grid empty_grid(const NodeTranslation& node) {
  Grid grid;
  grid.layer = node.name();
  const std::int64_t bits = node.integer("num_bits", 8);
  node.check(bits >= 2 && bits <= 16, "num_bits is {}, expected 2 to 16", bits);
  grid.bits = static_cast<int>(bits);
  grid.narrow_range = node.flag("narrow_range", false);
  return grid;
}

/// A range on the network's input tells which numbers its pixels become: 0 … 255 spread over it.
void note_preprocessing(NodeTranslation& node, ValueId input, float min, float max) {
  const Graph& graph = node.graph();
  if (graph.inputs().size() != 1 || graph.inputs()[0] != input) return;
  const Dims dims = node.dims(input);
  if (dims.size() != 4 || dims[3].size != 3 || dims[1] != dims[2]) return;
  Preprocessing preprocessing;
  preprocessing.central_crop = 0.875;
  preprocessing.resize = static_cast<int>(dims[1].size);
  preprocessing.crop = static_cast<int>(dims[1].size);
  const double spread = static_cast<double>(max) - min;
  preprocessing.mean.fill(-min / spread);
  preprocessing.std.fill(1 / spread);
  node.graph().preprocessing = preprocessing;
}

void put_on(NodeTranslation& node, Grid grid) {
  const Operand input = node.operand(0);
  const Dims dims = node.dims(input);
  node.check(grid.scale.size() == 1 ||
                 (!dims.empty() && std::cmp_equal(dims.back().size, grid.scale.size())),
             "it has {} ranges for a tensor of shape {}", grid.scale.size(), to_string(dims));
  if (input.constant != nullptr) {
    node.check_supported(!input.constant->grid, "it reads what another FakeQuant rounded");
    Operand result(input.constant->name, input.constant->tensor);
    result.constant->grid = std::move(grid);
    return node.define(result);
  }
  node.define(node.quantize(input.value, grid, static_cast<int>(dims.size()) - 1));
}

void translate_range(NodeTranslation& node, float min, float max) {
  Grid grid = empty_grid(node);
  add_range(node, min, max, grid);
  const Operand input = node.operand(0);
  if (input.constant == nullptr) note_preprocessing(node, input.value, min, max);
  put_on(node, std::move(grid));
}

void translate_args(NodeTranslation& node) {
  translate_range(node, node.real("min", -6.0F), node.real("max", 6.0F));
}

float number(const NodeTranslation& node, std::size_t input) {
  const Tensor& tensor = node.constant(input, "its range");
  node.check(tensor.size() == 1 && tensor.dtype() == DType::kFloat32,
             "its range has shape {}, expected a number", to_string(tensor.shape()));
  return tensor.data<float>()[0];
}

void translate_vars(NodeTranslation& node) {
  translate_range(node, number(node, 1), number(node, 2));
}

void translate_per_channel(NodeTranslation& node) {
  const Tensor& min = node.constant(1, "its range");
  const Tensor& max = node.constant(2, "its range");
  node.check(min.rank() == 1 && min.shape() == max.shape() && min.size() > 0 &&
                 min.dtype() == DType::kFloat32 && max.dtype() == DType::kFloat32,
             "its ranges have shapes {} and {}, expected lists of one length",
             to_string(min.shape()), to_string(max.shape()));
  Grid grid = empty_grid(node);
  for (std::int64_t i = 0; i < min.size(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    add_range(node, min.data<float>()[index], max.data<float>()[index], grid);
  }
  put_on(node, std::move(grid));
}

constexpr Rule kRules[] = {
    {"FakeQuantWithMinMaxArgs", translate_args},
    {"FakeQuantWithMinMaxVars", translate_vars},
    {"FakeQuantWithMinMaxVarsPerChannel", translate_per_channel},
};

}  // namespace

std::span<const Rule> quant_rules() { return kRules; }

}  // namespace quern::tensorflow
