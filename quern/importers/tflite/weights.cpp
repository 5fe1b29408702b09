#include "quern/importers/tflite/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "quern/base/error.h"
#include "quern/importers/tflite/quant.h"
#include "quern/importers/tflite/tensors.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

/// How far, in relation, the scale of a bias may be from the product that it stands for: the
/// converter's product and quern's are each rounded to float32 (by 2⁻²⁴ at most), and so may be the
/// factors of the converter's.
constexpr double kProductTolerance = 4.0 / (1 << 24);

constexpr QuantSpec kBiasCodes = {.bits = 32};

bool all_zero(const std::vector<std::int32_t>& zero_points) {
  return std::ranges::all_of(zero_points, [](std::int32_t z) { return z == 0; });
}

/// Whether every code leaves the most negative one unused, as TFLite demands of int8 weights.
bool is_narrow(const Tensor& codes, const QuantSpec& spec) {
  const std::vector<std::int32_t> values = to_vector<std::int32_t>(codes);
  return std::ranges::all_of(values, [&](std::int32_t code) { return code > spec.qmin(); });
}

/// The scales of a bias that input and weight imply, one or one per channel; none where one of the
/// two is not stored as codes, or their product is no number that float32 holds.
std::optional<std::vector<float>> implied_scales(const Graph& graph,
                                                 std::optional<QuantizerId> input,
                                                 const Node* weight) {
  if (!input || weight == nullptr) return std::nullopt;
  const float input_scale = graph.params(*input).scale.at(0);
  std::vector<float> scales = graph.params(weight->quantizer).scale;
  for (float& scale : scales) {
    scale *= input_scale;
    if (!(std::isfinite(scale) && scale > 0)) return std::nullopt;
  }
  return scales;
}

bool agree(const TfliteGrid& grid, const std::vector<float>& implied) {
  if (grid.scale.size() != implied.size() || !all_zero(grid.zero_point)) return false;
  for (std::size_t i = 0; i < implied.size(); ++i) {
    const double expected = implied[i];
    if (!(std::abs(grid.scale[i] - expected) <= kProductTolerance * expected)) return false;
  }
  return true;
}

QuantizerId add_derived(Graph& graph, QuantizerId input, QuantizerId weight,
                        const std::string& stem) {
  Quantizer quantizer;
  quantizer.name = stem + "quant";
  quantizer.kind = QuantizerKind::kDerived;
  quantizer.spec = kBiasCodes;
  quantizer.spec.granularity = graph.quantizer(weight).spec.granularity;
  quantizer.factors = {input, weight};
  return graph.add_quantizer(std::move(quantizer));
}

void check_codes(const Tensor& codes) {
  for (const std::int64_t code : to_vector<std::int64_t>(codes)) {
    if (code == static_cast<std::int32_t>(code)) continue;
    fail(ErrorCode::kUnsupported, "its bias holds the code {} (supported: 32 bits)", code);
  }
}

}  // namespace

ValueId add_weight(Graph& graph, TfliteValues& values, int position,
                   const std::vector<std::size_t>& order, const std::string& layer) {
  const TfliteTensor& tensor = values.tensor(values.source(position));
  if (tensor.dims.size() != order.size()) {
    fail(ErrorCode::kParse, "its weight '{}' has the shape {}, expected {} axes", tensor.name,
         to_string(tensor.dims), order.size());
  }
  const ValueId value =
      graph.add_constant(tensor.name, transposed(values.constant(position), order));
  std::optional<QuantSpec> codes = code_spec(tensor.type);
  if (!codes) return value;
  if (!tensor.grid) {
    fail(ErrorCode::kParse, "its weight '{}' holds codes without a scale", tensor.name);
  }
  TfliteGrid grid = *tensor.grid;
  grid.axis = static_cast<std::size_t>(std::ranges::find(order, grid.axis) - order.begin());
  codes->narrow_range =
      codes->is_signed && all_zero(grid.zero_point) && is_narrow(values.codes(position), *codes);
  const std::string stem = layer + ".weight_";
  return add_quant(graph, value, add_quantizer(graph, stem, *codes, grid), stem + "quant");
}

ValueId add_bias(Graph& graph, TfliteValues& values, int position, int input, ValueId weight,
                 const std::string& layer) {
  const TfliteTensor& tensor = values.tensor(values.source(position));
  const Tensor stored = values.codes(position);
  const Tensor codes = stored.reshaped({stored.size()});
  if (codes.dtype() == DType::kFloat32) return graph.add_constant(tensor.name, codes);
  check_codes(codes);

  const std::string stem = layer + ".bias_";
  const std::optional<QuantizerId> input_quantizer = values.quantizer(input);
  const Node* weight_quant = graph.quant_of(weight);
  const auto implied = implied_scales(graph, input_quantizer, weight_quant);
  QuantizerId quantizer;
  if (implied && (!tensor.grid || agree(*tensor.grid, *implied))) {
    quantizer = add_derived(graph, *input_quantizer, weight_quant->quantizer, stem);
  } else if (tensor.grid) {
    quantizer =
        add_quantizer(graph, stem, kBiasCodes, {tensor.grid->scale, tensor.grid->zero_point});
  } else {
    fail(ErrorCode::kParse, "its bias '{}' holds {} without a scale", tensor.name,
         name(codes.dtype()));
  }
  const QuantParams params = graph.params(quantizer);
  if (params.scale.size() > 1 && std::ssize(params.scale) != codes.size()) {
    fail(ErrorCode::kParse, "its bias '{}' has {} elements for {} channels", tensor.name,
         codes.size(), params.scale.size());
  }
  const Tensor real = dequantized(codes, {params.scale, params.zero_point});
  return add_quant(graph, graph.add_constant(tensor.name, real), quantizer, stem + "quant");
}

}  // namespace quern
