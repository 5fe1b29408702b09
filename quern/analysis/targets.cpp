#include "quern/analysis/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr int kMaxThresholdBits = 8;

constexpr std::array<std::string_view, 22> kFinnOps = {"Add",
                                                       "AveragePool",
                                                       "BatchNormalization",
                                                       "Concat",
                                                       "Conv",
                                                       "ConvTranspose",
                                                       "Div",
                                                       "Flatten",
                                                       "Gemm",
                                                       "Gather",
                                                       "GlobalAveragePool",
                                                       "Identity",
                                                       "MatMul",
                                                       "MaxPool",
                                                       "Mul",
                                                       "Pad",
                                                       "Quant",
                                                       "Relu",
                                                       "Reshape",
                                                       "Split",
                                                       "Sub",
                                                       "Transpose"};

constexpr std::array<std::string_view, 9> kWeightReaders = {
    "Add", "Conv", "ConvTranspose", "Div", "Gather", "Gemm", "MatMul", "Mul", "Sub"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class FinnLint {
 public:
  explicit FinnLint(const Graph& graph) : graph_(graph) {}

  std::vector<Finding> run() {
    for (const ValueId input : graph_.inputs()) check_input(graph_.value(input));
    for (const NodeId id : graph_.nodes()) check_node(graph_.node(id));
    return std::move(findings_);
  }

 private:
  template <class... Args>
  void report(std::string_view layer, std::string_view rule, fmt::format_string<Args...> message,
              Args&&... args) {
    findings_.push_back(
        {std::string(layer), fmt::format(message, std::forward<Args>(args)...), std::string(rule)});
  }

  void check_input(const Value& input) {
    if (!input.dims) {
      report(input.name, "static_shape", "its shape is unknown: fix it when the model is written");
      return;
    }
    for (std::size_t axis = 1; axis < input.dims->size(); ++axis) {
      if ((*input.dims)[axis].is_fixed()) continue;
      report(input.name, "static_shape",
             "axis {} of {} is free: only the batch may be, give the others when the model is "
             "written",
             axis, to_string(*input.dims));
    }
  }

  void check_node(const Node& node) {
    switch (quant_role(graph_, node)) {
      case QuantRole::kQuant:
        check_quant(node);
        break;
      case QuantRole::kCompute:
        check_compute(node);
        break;
      case QuantRole::kJoin:
        check_join(node);
        break;
      default:
        check_op(node);
    }
  }

  void check_op(const Node& node) {
    if (node.op == "Clip") {
      report(node.layer, "op",
             "FINN has no Clip: a Relu in front of a Quant with the same limit says it, as "
             "quantizing does for a lower bound of 0");
    } else if (quant_role(graph_, node) == QuantRole::kActivation && node.op != "Relu") {
      report(node.layer, "op", "FINN has no {}: replace it by a Relu and train again", node.op);
    } else if (node.op == "Resize" && quant_role(graph_, node) == QuantRole::kPreserving) {
      return;  // To nearest: FINN repeats elements.
    } else if (!contains(kFinnOps, node.op)) {
      report(node.layer, "op", "FINN has no {}: cut the network here and let the host compute it",
             node.op);
    }
  }

  void check_compute(const Node& node) {
    if (!has_weight(graph_, node)) {
      report(node.layer, "quantized_weight",
             "both operands of {} are computed: FINN needs a constant weight", node.op);
      return;
    }
    if (grids_of(graph_, node.inputs[0]).empty()) {
      report(node.layer, "quantized_input",
             "its input '{}' is not quantized: put a Quant in front of it",
             graph_.value(node.inputs[0]).name);
    }
    if (graph_.quant_of(node.inputs[1]) == nullptr) {
      report(node.layer, "quantized_weight", "its weight '{}' is not quantized",
             graph_.value(node.inputs[1]).name);
    }
  }

  void check_join(const Node& node) {
    const Quantizer* first = nullptr;
    for (const std::size_t i : activation_inputs(graph_, node)) {
      const std::vector<NodeId> grids = grids_of(graph_, node.inputs[i]);
      if (grids.empty()) {
        report(node.layer, "shared_scale", "its input '{}' is not quantized: put a Quant there",
               graph_.value(node.inputs[i]).name);
        return;
      }
      for (const NodeId quant : grids) {
        const Quantizer& quantizer = graph_.quantizer(graph_.node(quant).quantizer);
        if (first == nullptr) first = &quantizer;
        if (!check_pair(node, *first, quantizer)) return;
      }
    }
  }

  /// False after a finding.
  bool check_pair(const Node& join, const Quantizer& a, const Quantizer& b) {
    const bool same_scale =
        a.scale == b.scale || (a.scale && b.scale && !graph_.scale(a.scale).values.empty() &&
                               graph_.scale(a.scale).values == graph_.scale(b.scale).values);
    if (!same_scale) {
      report(join.layer, "shared_scale",
             "'{}' and '{}' meet at it with different scales: let them share one", a.name, b.name);
      return false;
    }
    if (join.op == "Concat" && a.spec.is_signed != b.spec.is_signed) {
      report(join.layer, "shared_scale",
             "'{}' and '{}' meet at it with different signs: put a signed Quant on the unsigned "
             "one",
             a.name, b.name);
      return false;
    }
    return true;
  }

  void check_quant(const Node& node) {
    const Quantizer& quantizer = graph_.quantizer(node.quantizer);
    const bool has_zero_point = std::ranges::any_of(
        quantizer.zero_point, [](std::int32_t zero_point) { return zero_point != 0; });
    if (!quantizer.spec.symmetric || has_zero_point) {
      report(node.layer, "zero_point",
             "its grid is asymmetric: FINN needs the zero point 0, quantize symmetrically");
    }
    if (quantizer.spec.rounding != Rounding::kHalfEven) {
      report(node.layer, "rounding", "it rounds by {}, FINN only by ROUND",
             name(quantizer.spec.rounding));
    }
    if (graph_.is_constant(node.inputs[0])) {
      check_weight(node, quantizer.spec);
    } else {
      check_activation(node, quantizer);
    }
  }

  void check_weight(const Node& quant, const QuantSpec& spec) {
    const std::vector<Graph::Use> uses = graph_.uses(quant.outputs[0]);
    if (uses.size() > 1) {
      report(quant.layer, "weight_fork",
             "'{}' and '{}' read the same weight Quant: give each its own "
             "(split_shared_weights does)",
             graph_.node(uses[0].node).layer, graph_.node(uses[1].node).layer);
    }
    for (const Graph::Use& use : uses) check_weight_reader(quant, spec, use);
  }

  void check_weight_reader(const Node& quant, const QuantSpec& spec, const Graph::Use& use) {
    const Node& reader = graph_.node(use.node);
    if (!contains(kWeightReaders, reader.op)) {
      report(quant.layer, "weight_reader",
             "{} '{}' reads the quantized constant: FINN moves its scale only behind a layer with "
             "weights or elementwise arithmetic",
             reader.op, reader.layer);
      return;
    }
    const bool is_weight = use.input == 1 && has_weight(graph_, reader);
    if (is_weight && spec.granularity == Granularity::kPerChannel &&
        spec.channel_axis != weight_channel_axis(graph_, reader)) {
      report(quant.layer, "weight_scale",
             "its scales vary along axis {} of the weight of '{}', FINN needs axis {}: the output "
             "channels",
             spec.channel_axis, reader.layer, weight_channel_axis(graph_, reader));
    }
  }

  void check_activation(const Node& quant, const Quantizer& quantizer) {
    const QuantSpec& spec = quantizer.spec;
    const Node* before = graph_.producer(quant.inputs[0]);
    if (before != nullptr && before->op == "Relu") {
      if (spec.is_signed || spec.narrow_range) {
        report(quant.layer, "relu",
               "it is {} behind Relu '{}': FINN needs unsigned and not narrow there",
               spec.is_signed ? "signed" : "narrow", before->layer);
      }
    } else if (!spec.is_signed) {
      report(quant.layer, "identity",
             "it is unsigned, but no Relu is in front of it: make it signed or put a Relu there");
    }
    if (spec.bits > kMaxThresholdBits) {
      report(quant.layer, "activation_bits",
             "it has {} bits: above {} FINN leaves it as float arithmetic, use fewer", spec.bits,
             kMaxThresholdBits);
    }
    if (spec.granularity == Granularity::kPerChannel && spec.channel_axis != 1) {
      report(quant.layer, "activation_scale",
             "its scales vary along axis {}: FINN needs one scale, or one per channel of axis 1",
             spec.channel_axis);
    }
    if (spec.is_bipolar()) check_bipolar(quant, quantizer);
  }

  void check_bipolar(const Node& quant, const Quantizer& quantizer) {
    const std::vector<float>& scale = graph_.scale(quantizer.scale).values;
    if (std::ranges::all_of(scale, [](float step) { return step == 1.0F; })) return;
    report(quant.layer, "bipolar_scale",
           "it is bipolar with scale {}: FINN needs 1, which is no scale that is measured or "
           "learned; use at least 2 bits, or one behind a Relu",
           scale.front());
  }

  const Graph& graph_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> lint_finn(const Graph& graph) { return FinnLint(graph).run(); }

}  // namespace quern
