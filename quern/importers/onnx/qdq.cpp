#include "quern/importers/onnx/qdq.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "quern/base/error.h"
#include "quern/importers/onnx/tensors.h"

namespace quern {
namespace {

constexpr std::array<std::string_view, 8> kMoves = {
    "Flatten", "Identity", "MaxPool", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"};

/// Ops that compute with codes: another format than pairs around float ops.
constexpr std::array<std::string_view, 5> kQOperators = {
    "ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul"};

template <class List>
bool contains(const List& list, std::string_view wanted) {
  return std::ranges::find(list, wanted) != list.end();
}

/// The signed or unsigned grid of all codes of an integer type; `bits` where they are fewer.
QuantSpec grid_of(DType dtype, int bits) {
  QuantSpec spec;
  spec.is_signed = dtype == DType::kInt8 || dtype == DType::kInt16 || dtype == DType::kInt32;
  if (!spec.is_signed && dtype != DType::kUint8 && dtype != DType::kUint16) {
    fail(ErrorCode::kUnsupported, "its codes are of type {} (supported: integers of 2 to 32 bits)",
         name(dtype));
  }
  spec.bits = bits;
  return spec;
}

QuantSpec grid_of(DType dtype) { return grid_of(dtype, 8 * static_cast<int>(size_of(dtype))); }

bool same_grid(const QuantForm& a, const QuantForm& b) {
  return a.scales == b.scales && a.zero_points == b.zero_points && a.axis == b.axis &&
         a.spec.bits == b.spec.bits && a.spec.is_signed == b.spec.is_signed;
}

class PairReader {
 public:
  PairReader(Graph& graph, const std::unordered_map<ValueId, int>& narrow)
      : graph_(graph), narrow_(narrow) {}

  std::vector<QuantForm> run() {
    for (const NodeId id : graph_.nodes()) {
      const std::string layer = graph_.node(id).layer;
      with_context(fmt::format("layer '{}'", layer), [&] { visit(id); });
    }
    // Not before: until then a reader of codes is known by what it reads.
    for (const NodeId id : bypassed_) graph_.bypass(id);
    return std::move(forms_);
  }

 private:
  void visit(NodeId id) {
    const std::string op = graph_.node(id).op;
    if (op == "DynamicQuantizeLinear") {
      fail(ErrorCode::kUnsupported,
           "DynamicQuantizeLinear measures its range in every run (supported: static ranges; "
           "quantize with onnxruntime's quantize_static)");
    }
    if (contains(kQOperators, op)) {
      fail(ErrorCode::kUnsupported,
           "{} computes with integers (supported: QuantizeLinear and DequantizeLinear around float "
           "ops; quantize with quant_format=QuantFormat.QDQ)",
           op);
    }
    if (op == "QuantizeLinear") return quantize(id);
    if (op == "DequantizeLinear") return dequantize(id);
    for (std::size_t i = 0; i < graph_.node(id).inputs.size(); ++i) {
      const auto codes = codes_.find(graph_.node(id).inputs[i]);
      if (codes != codes_.end()) follow(id, i, codes->second);
    }
  }

  /// A node that reads codes of the grid `form`.
  void follow(NodeId id, std::size_t input, std::size_t form) {
    const Node& node = graph_.node(id);
    if (node.op == "Clip" && input == 0) return narrow_grid(id, form);
    const bool moves = contains(kMoves, node.op) && input == 0 && !forms_[form].axis;
    if (!moves) {
      fail(ErrorCode::kUnsupported,
           "{} reads the codes of '{}' (supported: DequantizeLinear, and ops that only move what "
           "has one scale)",
           node.op, graph_.value(node.inputs[input]).name);
    }
    codes_[node.outputs[0]] = form;
  }

  void quantize(NodeId id) {
    const Node& node = graph_.node(id);
    if (graph_.is_constant(node.inputs.at(0)) &&
        graph_.value(node.inputs[0]).constant->dtype() != DType::kFloat32) {
      fail(ErrorCode::kUnsupported, "it quantizes {} (supported: float32)",
           name(graph_.value(node.inputs[0]).constant->dtype()));
    }
    QuantForm form = read(id, std::nullopt);
    codes_[node.outputs.at(0)] = forms_.size();
    make_quant(std::move(form));
  }

  void dequantize(NodeId id) {
    const ValueId source = graph_.node(id).inputs.at(0);
    if (const auto codes = codes_.find(source); codes != codes_.end()) {
      return close(id, codes->second);
    }
    if (graph_.is_constant(source)) return dequantize_constant(id, source);
    const bool is_input = std::ranges::find(graph_.inputs(), source) != graph_.inputs().end();
    if (!is_input) {
      fail(ErrorCode::kUnsupported,
           "it reads codes that {} computes (supported: those of QuantizeLinear, constants and "
           "inputs)",
           graph_.producer(source)->op);
    }
    make_quant(read(id, grid_of(input_type(source))));
  }

  /// The integer type of an input that is read as codes; the input is float from then on.
  DType input_type(ValueId input) {
    const Value& value = graph_.value(input);
    const auto [known, is_new] = inputs_.try_emplace(input, value.dtype);
    if (!is_new) return known->second;
    for (const Graph::Use& use : graph_.uses(input)) {
      if (graph_.node(use.node).op == "DequantizeLinear" && use.input == 0) continue;
      fail(ErrorCode::kUnsupported,
           "it reads the codes '{}', which '{}' reads too (supported: DequantizeLinear)",
           value.name, graph_.node(use.node).layer);
    }
    graph_.set_type(input, DType::kFloat32, value.dims);
    return known->second;
  }

  /// The end of a pair: readers of the DQ read what the Quant yields.
  void close(NodeId id, std::size_t form) {
    const QuantForm own = read(id, forms_[form].spec);
    const QuantForm& quantized = forms_[form];
    if (!same_grid(own, quantized)) {
      fail(ErrorCode::kUnsupported,
           "it reads codes by another scale or zero point than '{}' writes them with",
           graph_.node(quantized.node).layer);
    }
    bypassed_.push_back(id);
  }

  void dequantize_constant(NodeId id, ValueId source) {
    const Tensor codes = *graph_.value(source).constant;
    const QuantForm form = read(id, grid_of_constant(source));
    std::string name = graph_.value(source).name;
    constexpr std::string_view kSuffix = "_quantized";
    if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
    graph_.set_input(id, 0, graph_.add_constant(name, dequantized(codes, form)));
    make_quant(form);
  }

  static Tensor dequantized(const Tensor& codes, const QuantForm& form) {
    std::int64_t inner = 1;  // Elements in a row that share a scale.
    if (form.axis) {
      const auto rank = static_cast<std::int64_t>(codes.rank());
      const std::int64_t axis = *form.axis < 0 ? *form.axis + rank : *form.axis;
      if (axis < 0 || axis >= rank ||
          codes.shape()[static_cast<std::size_t>(axis)] != std::ssize(form.scales)) {
        fail(ErrorCode::kParse, "it has {} scales along axis {} of codes of shape {}",
             form.scales.size(), *form.axis, to_string(codes.shape()));
      }
      for (std::int64_t i = axis + 1; i < rank; ++i) {
        inner *= codes.shape()[static_cast<std::size_t>(i)];
      }
    }
    const std::vector<std::int64_t> stored = to_vector<std::int64_t>(codes);
    Tensor result(DType::kFloat32, codes.shape());
    const auto elements = result.mutable_data<float>();
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const std::size_t channel = i / static_cast<std::size_t>(inner) % form.scales.size();
      const std::int64_t zero = form.zero_points.empty() ? 0 : form.zero_points[channel];
      elements[i] = static_cast<float>(stored[i] - zero) * form.scales[channel];
    }
    return result;
  }

  /// Q → Clip → DQ: fewer codes than the type has.
  void narrow_grid(NodeId id, std::size_t form) {
    const Node& node = graph_.node(id);
    QuantSpec& spec = forms_[form].spec;
    const auto bound = [&](std::size_t index, std::int64_t none) {
      if (index >= node.inputs.size() || !node.inputs[index]) return none;
      const auto& constant = graph_.value(node.inputs[index]).constant;
      if (!constant || constant->size() != 1) {
        fail(ErrorCode::kUnsupported, "it clips codes to a bound that is computed");
      }
      return to_vector<std::int64_t>(*constant)[0];
    };
    const std::int64_t low = std::max(bound(1, spec.qmin()), spec.qmin());
    const std::int64_t high = std::min(bound(2, spec.qmax()), spec.qmax());
    QuantSpec narrower = spec;
    for (int bits = 2; bits <= spec.bits; ++bits) {
      for (const bool narrow : {false, true}) {
        narrower.bits = bits;
        narrower.narrow_range = narrow;
        if (narrower.qmin() != low || narrower.qmax() != high) continue;
        const bool is_alone = std::ranges::all_of(codes_, [&](const auto& entry) {
          return entry.second != form || graph_.use_count(entry.first) == 1;
        });
        if (!is_alone) {
          fail(ErrorCode::kUnsupported, "it clips codes that others read unclipped");
        }
        spec = narrower;
        codes_[node.outputs[0]] = form;
        bypassed_.push_back(id);
        return;
      }
    }
    fail(ErrorCode::kUnsupported, "it clips codes to {} … {}, which is no range of whole bits", low,
         high);
  }

  /// What a Q or DQ says of its grid. `codes` is the grid of what a DQ reads.
  QuantForm read(NodeId id, std::optional<QuantSpec> codes) const {
    const Node& node = graph_.node(id);
    if (node.inputs.size() < 2 || node.inputs.size() > 3 || node.outputs.size() != 1) {
      fail(ErrorCode::kParse, "it has {} inputs and {} outputs, expected 2 or 3, and 1",
           node.inputs.size(), node.outputs.size());
    }
    if (graph_.attribute_or<std::int64_t>(id, "block_size", 0) != 0) {
      fail(ErrorCode::kUnsupported,
           "it has a scale for each block (supported: one scale, or one per channel)");
    }
    QuantForm form;
    form.node = id;
    form.scale = node.inputs[1];
    const Tensor& scale = constant(node.inputs[1], "scale");
    form.scales = to_vector<float>(scale);
    check_scales(form.scales);
    if (scale.size() > 1) form.axis = graph_.attribute_or<std::int64_t>(id, "axis", 1);
    const ValueId zero_point = node.inputs.size() > 2 ? node.inputs[2] : ValueId{};
    form.spec = codes ? *codes : grid_of_output(id, zero_point);
    if (zero_point) read_zero_points(constant(zero_point, "zero point"), form);
    form.spec.symmetric = form.zero_points.empty();
    return form;
  }

  const Tensor& constant(ValueId id, std::string_view what) const {
    if (!graph_.is_constant(id)) {
      fail(ErrorCode::kUnsupported, "its {} is computed (supported: a constant)", what);
    }
    const Tensor& tensor = *graph_.value(id).constant;
    if (tensor.size() == 0) fail(ErrorCode::kParse, "its {} is empty", what);
    if (tensor.rank() > 1) {
      fail(ErrorCode::kUnsupported,
           "its {} has shape {} (supported: one element, or one per channel)", what,
           to_string(tensor.shape()));
    }
    return tensor;
  }

  QuantSpec grid_of_constant(ValueId id) const {
    const DType dtype = graph_.value(id).constant->dtype();
    const auto narrow = narrow_.find(id);
    return narrow == narrow_.end() ? grid_of(dtype) : grid_of(dtype, narrow->second);
  }

  /// The type that a QuantizeLinear writes: its zero point's, or the one it names, or uint8.
  QuantSpec grid_of_output(NodeId id, ValueId zero_point) const {
    if (zero_point) {
      constant(zero_point, "zero point");
      return grid_of_constant(zero_point);
    }
    const auto type =
        static_cast<std::int32_t>(graph_.attribute_or<std::int64_t>(id, "output_dtype", 0));
    if (type == 0) return grid_of(DType::kUint8);
    return grid_of(dtype_from_onnx(type), bits_of_onnx(type));
  }

  static void read_zero_points(const Tensor& tensor, QuantForm& form) {
    if (tensor.size() != 1 && tensor.size() != std::ssize(form.scales)) {
      fail(ErrorCode::kParse, "it has {} zero points for {} scales", tensor.size(),
           form.scales.size());
    }
    form.zero_points = to_vector<std::int32_t>(tensor);
    form.zero_points.resize(form.scales.size(), form.zero_points[0]);
    if (std::ranges::all_of(form.zero_points, [](auto z) { return z == 0; })) form.zero_points = {};
    if (form.spec.bits == 32 && !form.zero_points.empty()) {
      fail(ErrorCode::kParse, "its codes of 32 bits have the zero point {}, expected 0",
           form.zero_points[0]);
    }
  }

  void make_quant(QuantForm form) {
    const NodeId id = form.node;
    graph_.set_op(id, "Quant");
    while (graph_.node(id).inputs.size() > 1) {
      graph_.remove_input(id, graph_.node(id).inputs.size() - 1);
    }
    forms_.push_back(std::move(form));
  }

  Graph& graph_;
  const std::unordered_map<ValueId, int>& narrow_;
  std::vector<QuantForm> forms_;
  std::vector<NodeId> bypassed_;                    ///< DQs and Clips that a Quant stands for.
  std::unordered_map<ValueId, std::size_t> codes_;  ///< Values that hold codes, and their form.
  std::unordered_map<ValueId, DType> inputs_;       ///< Inputs that held codes, and their type.
};

/// The quantizers whose scales multiply to that of a layer's bias; none where it has no such.
std::optional<std::array<QuantizerId, 2>> factors_of(const Graph& graph, const Node& layer) {
  constexpr std::array<std::string_view, 3> kOps = {"Conv", "ConvTranspose", "Gemm"};
  if (!contains(kOps, layer.op)) return std::nullopt;
  const Node* input = graph.quant_of(layer.inputs[0]);
  const Node* weight = graph.quant_of(layer.inputs[1]);
  if (input == nullptr || weight == nullptr) return std::nullopt;
  return std::array{input->quantizer, weight->quantizer};
}

/// Whether `scales` are the products, as far as writers round them alike.
bool is_product(const std::vector<float>& scales, const QuantParams& input,
                const QuantParams& weight) {
  constexpr float kMostApart = 0x1p-22F;
  if (input.scale.size() != 1 || weight.scale.size() != scales.size()) return false;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const float product = input.scale[0] * weight.scale[i];
    if (!(std::abs(product - scales[i]) <= kMostApart * scales[i])) return false;
  }
  return true;
}

}  // namespace

std::vector<QuantForm> detach_quantize_pairs(
    Graph& graph, const std::unordered_map<ValueId, int>& narrow_constants) {
  return PairReader(graph, narrow_constants).run();
}

void derive_biases(Graph& graph, const std::vector<QuantForm>& forms) {
  for (const QuantForm& form : forms) {
    const Node& quant = graph.node(form.node);
    const bool is_bias = form.spec.bits == 32 && form.spec.is_signed && form.zero_points.empty() &&
                         graph.is_constant(quant.inputs[0]);
    const auto readers = graph.uses(quant.outputs[0]);
    if (!is_bias || readers.size() != 1 || readers[0].input != 2) continue;
    const auto factors = factors_of(graph, graph.node(readers[0].node));
    if (!factors) continue;
    if (!is_product(form.scales, graph.params((*factors)[0]), graph.params((*factors)[1]))) {
      continue;
    }
    Quantizer& entry = graph.quantizer(quant.quantizer);
    entry.kind = QuantizerKind::kDerived;
    entry.scale = ScaleId{};
    entry.factors = *factors;
  }
}

}  // namespace quern
