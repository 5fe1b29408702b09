#include "tests/support/random_graph.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "quern/base/random.h"
#include "quern/ops/op_def.h"

namespace quern::test {
namespace {

constexpr std::array<const char*, 12> kOddNames = {
    "plain", "a/b.c", "quern", "with space", "\"quoted\"",   "line\nbreak",
    "é",     "層",    "🔥",     "bits_8",     "zero_point_0", "scale"};

constexpr std::array kStoredKinds = {QuantizerKind::kConstant, QuantizerKind::kMinMax,
                                     QuantizerKind::kLsq, QuantizerKind::kPact};

class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_(seed) {}

  Graph run() {
    graph_.name = chance(0.2) ? "" : odd_name();
    Dim batch{-1, chance(0.5) ? "N" : ""};
    if (chance(0.3)) batch = {random_.integer(1, 3), ""};
    value_ = graph_.add_input(odd_name(), DType::kFloat32,
                              {batch, {channels_, ""}, {kSide, ""}, {kSide, ""}});
    maybe_quantize();
    for (auto steps = random_.integer(2, 9); steps > 0; --steps) step();
    if (chance(0.3)) graph_.add_output(value_);
    head();
    graph_.add_output(value_);
    if (chance(0.5)) graph_.metadata["key " + odd_name()] = odd_name();
    if (chance(0.5)) graph_.preprocessing = preprocessing();
    graph_.label_offset = random_.integer(-1, 1);
    infer_shapes(graph_);
    verify(graph_);
    return std::move(graph_);
  }

 private:
  static constexpr std::int64_t kSide = 8;

  bool chance(double probability) { return random_.uniform() < probability; }
  std::string odd_name() {
    return kOddNames[static_cast<std::size_t>(random_.integer(0, kOddNames.size() - 1))];
  }

  Tensor floats(const Shape& shape, double low, double high) {
    Tensor tensor(DType::kFloat32, shape);
    for (float& x : tensor.mutable_data<float>())
      x = static_cast<float>(random_.uniform(low, high));
    return tensor;
  }

  ValueId node(const std::string& op, std::vector<ValueId> inputs,
               std::map<std::string, Attribute> attributes = {}) {
    const ValueId output = graph_.add_value(odd_name());
    graph_.add_node({.layer = chance(0.3) ? "" : odd_name(),
                     .op = op,
                     .inputs = std::move(inputs),
                     .outputs = {output},
                     .attributes = std::move(attributes)});
    return output;
  }

  // --- quantizers ---

  QuantSpec spec() {
    QuantSpec spec;
    spec.bits = static_cast<int>(random_.integer(1, 16));
    spec.is_signed = chance(0.5);
    spec.narrow_range = spec.bits > 1 && chance(0.3);
    spec.power_of_two = chance(0.2);
    spec.rounding = static_cast<Rounding>(random_.integer(0, 3));
    return spec;
  }

  std::vector<float> scale_values(std::size_t count) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(random_.uniform(1e-3, 1.0)));
    }
    return values;
  }

  /// @param channels  0 per tensor, else scales along `axis`.
  QuantizerId quantizer(std::int64_t channels, int axis) {
    Quantizer entry;
    entry.name = odd_name();
    entry.kind =
        chance(0.3)
            ? kStoredKinds[static_cast<std::size_t>(random_.integer(0, kStoredKinds.size() - 1))]
            : QuantizerKind::kCalibrated;
    entry.spec = spec();
    if (channels > 0) {
      entry.spec.granularity = Granularity::kPerChannel;
      entry.spec.channel_axis = axis;
      entry.scale = graph_.add_scale(
          {.name = odd_name(), .values = scale_values(static_cast<std::size_t>(channels))});
    } else if (shared_ && chance(0.4)) {
      entry.scale = shared_;
    } else {
      shared_ = entry.scale = graph_.add_scale({.name = odd_name(), .values = scale_values(1)});
    }
    entry.spec.symmetric = entry.spec.is_bipolar() || chance(0.7);
    const std::size_t count = graph_.scale(entry.scale).values.size();
    if (!entry.spec.symmetric) {
      for (std::size_t i = 0; i < count; ++i) {
        entry.zero_point.push_back(static_cast<std::int32_t>(random_.integer(-9, 9)));
      }
    } else if (chance(0.3)) {
      entry.zero_point.assign(count, 0);
    }
    if (chance(0.3)) entry.threshold.method = odd_name();
    if (chance(0.3)) entry.threshold.percentile = random_.uniform(1e-3, 100);
    if (chance(0.3)) entry.state[odd_name()] = floats({2, 3}, -1, 1);
    if (chance(0.1)) entry.state["count"] = Tensor::scalar(random_.integer(-5, 5));
    return graph_.add_quantizer(std::move(entry));
  }

  void maybe_quantize() {
    if (!chance(0.6)) return;
    const QuantizerId reused = last_quantizer_;
    last_quantizer_ = reused && chance(0.3) ? reused : quantizer(0, 0);
    graph_.add_value("gap");  // Tables with holes: the law speaks of the compacted graph.
    value_ = quant(value_, last_quantizer_);
  }

  ValueId quant(ValueId value, QuantizerId quantizer) {
    const ValueId output = graph_.add_value(odd_name());
    graph_.add_node({.layer = odd_name(),
                     .op = "Quant",
                     .inputs = {value},
                     .outputs = {output},
                     .quantizer = quantizer});
    return output;
  }

  /// Weight and bias as a compute layer reads them, each perhaps quantized.
  std::vector<ValueId> with_parameters(const Shape& shape, std::int64_t outputs) {
    ValueId weight = graph_.add_constant(odd_name() + ".weight", floats(shape, -1, 1));
    QuantizerId weight_grid;
    if (chance(0.7)) {
      weight_grid = quantizer(chance(0.6) ? outputs : 0, 0);
      weight = quant(weight, weight_grid);
    }
    std::vector<ValueId> inputs = {value_, weight};
    if (chance(0.5)) return inputs;
    ValueId bias = graph_.add_constant(odd_name() + ".bias", floats({outputs}, -1, 1));
    const Node* input_quant = graph_.quant_of(value_);
    if (weight_grid && input_quant != nullptr) {
      Quantizer entry;
      entry.name = odd_name();
      entry.kind = QuantizerKind::kDerived;
      entry.spec = graph_.quantizer(weight_grid).spec;
      entry.spec.bits = 32;
      entry.spec.is_signed = true;
      entry.factors = {input_quant->quantizer, weight_grid};
      bias = quant(bias, graph_.add_quantizer(std::move(entry)));
    }
    inputs.push_back(bias);
    return inputs;
  }

  // --- layers ---

  void step() {
    switch (random_.integer(0, 7)) {
      case 0:
      case 1:
        return conv();
      case 2:
        return batchnorm();
      case 3:
        value_ = node("Relu", {value_});
        return maybe_quantize();
      case 4:
        value_ = node("Clip", {value_, {}, graph_.add_constant(odd_name(), Tensor::scalar(6.0F))});
        return maybe_quantize();
      case 5:
        value_ = node("Add", {value_, node("Relu", {value_})});
        return maybe_quantize();
      case 6:
        value_ = node("Concat", {value_, node("Relu", {value_})}, {{"axis", std::int64_t{1}}});
        channels_ *= 2;
        return;
      default:
        value_ = node("MaxPool", {value_},
                      {{"kernel_shape", std::vector<std::int64_t>{3, 3}},
                       {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
    }
  }

  void conv() {
    const bool depthwise = chance(0.3);
    const std::int64_t outputs = depthwise ? channels_ : random_.integer(1, 5);
    const std::int64_t inputs = depthwise ? 1 : channels_;
    const std::vector<ValueId> operands = with_parameters({outputs, inputs, 3, 3}, outputs);
    value_ = node("Conv", operands,
                  {{"group", depthwise ? channels_ : 1},
                   {"kernel_shape", std::vector<std::int64_t>{3, 3}},
                   {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
    channels_ = outputs;
  }

  void batchnorm() {
    std::vector<ValueId> inputs = {value_};
    for (const char* what : {"gamma", "beta", "mean", "var"}) {
      inputs.push_back(graph_.add_constant(odd_name() + "." + what, floats({channels_}, 0.1, 1)));
    }
    value_ = node("BatchNormalization", inputs, {{"epsilon", 1e-3F}});
  }

  void head() {
    value_ = node("GlobalAveragePool", {value_});
    value_ = node("Flatten", {value_}, {{"axis", std::int64_t{1}}});
    maybe_quantize();
    value_ = node("Gemm", with_parameters({3, channels_}, 3), {{"transB", std::int64_t{1}}});
    if (!chance(0.3)) return maybe_quantize();
    Quantizer bipolar;
    bipolar.spec = {.bits = 1};
    bipolar.scale = graph_.add_scale({.name = "head", .values = {1.0F}});
    value_ = quant(value_, graph_.add_quantizer(std::move(bipolar)));
  }

  Preprocessing preprocessing() {
    Preprocessing how;
    if (chance(0.3)) how.resize.reset();
    if (chance(0.3)) how.central_crop = random_.uniform();
    how.stretch = how.resize && chance(0.3);
    how.crop = static_cast<int>(random_.integer(1, 300));
    how.scale = random_.uniform();
    how.mean = {random_.normal(), 0.1, 1e-300};
    how.bgr = chance(0.5);
    return how;
  }

  Random random_;
  Graph graph_;
  ValueId value_;
  std::int64_t channels_ = 3;
  ScaleId shared_;
  QuantizerId last_quantizer_;
};

}  // namespace

Graph random_graph(std::uint64_t seed) { return RandomGraph(seed).run(); }

}  // namespace quern::test
