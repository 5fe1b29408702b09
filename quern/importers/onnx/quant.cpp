#include "quern/importers/onnx/quant.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "quern/base/error.h"

namespace quern {
namespace {

/// Reads the inputs and attributes of one Quant or BipolarQuant.
class QuantReader {
 public:
  QuantReader(const Graph& graph, NodeId id) : graph_(graph), node_(graph.node(id)) {}

  QuantForm run() const {
    const bool is_bipolar = node_.op == "BipolarQuant";
    const std::size_t expected = is_bipolar ? 2 : 4;
    if (node_.inputs.size() != expected || node_.outputs.size() != 1) {
      fail(ErrorCode::kParse, "it has {} inputs and {} outputs, expected {} and 1",
           node_.inputs.size(), node_.outputs.size(), expected);
    }
    QuantForm form;
    form.node = node_.id;
    read_scale(form);
    if (is_bipolar) {
      form.spec.bits = 1;
      return form;
    }
    form.spec.bits = read_bits();
    form.spec.is_signed = graph_.attribute_or<std::int64_t>(node_.id, "signed", 1) != 0;
    form.spec.narrow_range = graph_.attribute_or<std::int64_t>(node_.id, "narrow", 0) != 0;
    form.spec.rounding =
        rounding_from(graph_.attribute_or<std::string>(node_.id, "rounding_mode", "ROUND"));
    if (form.spec.bits == 1 && form.spec.is_signed) {
      fail(ErrorCode::kUnsupported,
           "a Quant of one signed bit has the codes -1 and 0 (supported: BipolarQuant, whose codes "
           "are -1 and 1)");
    }
    if (form.spec.bits == 1 && form.spec.narrow_range) {
      fail(ErrorCode::kUnsupported, "one unsigned narrow bit leaves a single code");
    }
    read_zero_points(form);
    form.spec.symmetric = form.zero_points.empty();
    return form;
  }

 private:
  const Tensor& constant(std::size_t input, std::string_view what) const {
    const ValueId id = node_.inputs[input];
    if (!graph_.is_constant(id)) {
      fail(ErrorCode::kUnsupported, "its {} is computed (supported: a constant)", what);
    }
    const Tensor& tensor = *graph_.value(id).constant;
    if (tensor.size() == 0) fail(ErrorCode::kParse, "its {} is empty", what);
    return tensor;
  }

  /// The place of the one axis that is longer than 1, from the back; none if all are 1.
  static std::optional<std::int64_t> channel_axis(const Tensor& tensor, std::string_view what) {
    std::optional<std::int64_t> axis;
    const auto rank = static_cast<std::int64_t>(tensor.rank());
    for (std::int64_t i = 0; i < rank; ++i) {
      if (tensor.shape()[static_cast<std::size_t>(i)] == 1) continue;
      if (axis) {
        fail(ErrorCode::kUnsupported,
             "its {} has shape {} (supported: one element, or one axis longer than 1)", what,
             to_string(tensor.shape()));
      }
      axis = i - rank;
    }
    return axis;
  }

  void read_scale(QuantForm& form) const {
    const Tensor& tensor = constant(1, "scale");
    form.axis = channel_axis(tensor, "scale");
    form.scale = node_.inputs[1];
    form.scales = to_vector<float>(tensor);
    check_scales(form.scales);
  }

  int read_bits() const {
    const Tensor& tensor = constant(3, "bit width");
    const double bits = to_vector<double>(tensor)[0];
    if (tensor.size() != 1 || !(bits >= 1 && bits <= 32) || bits != std::floor(bits)) {
      fail(ErrorCode::kUnsupported, "its bit width is {}{} (supported: one whole number, 1 to 32)",
           bits, tensor.size() == 1 ? "" : ", …");
    }
    return static_cast<int>(bits);
  }

  void read_zero_points(QuantForm& form) const {
    const Tensor& tensor = constant(2, "zero point");
    const std::optional<std::int64_t> axis = channel_axis(tensor, "zero point");
    if (axis && (axis != form.axis || tensor.size() != std::ssize(form.scales))) {
      fail(ErrorCode::kUnsupported, "it has {} zero points for {} scales", tensor.size(),
           form.scales.size());
    }
    for (const double value : to_vector<double>(tensor)) {
      constexpr double kLimit = std::numeric_limits<std::int32_t>::max();
      if (!(std::abs(value) <= kLimit) || value != std::floor(value)) {
        fail(ErrorCode::kUnsupported, "a zero point is {} (supported: whole numbers of 32 bits)",
             value);
      }
      form.zero_points.push_back(static_cast<std::int32_t>(value));
    }
    if (!axis) form.zero_points.assign(form.scales.size(), form.zero_points[0]);
    if (std::ranges::all_of(form.zero_points, [](auto z) { return z == 0; })) form.zero_points = {};
  }

  const Graph& graph_;
  const Node& node_;
};

/// Builds the quantizer table from forms and the file's own description.
class QuantTable {
 public:
  QuantTable(Graph& graph, const FileMetadata& metadata)
      : graph_(graph),
        metadata_(metadata),
        entries_(metadata.quantizers.size()),
        scales_(metadata.scales.size()) {}

  std::vector<std::string> run(const std::vector<QuantForm>& forms) {
    // A product is checked against its factors, so those come first.
    for (const bool derived : {false, true}) {
      for (const QuantForm& form : forms) {
        const Quantizer* described = description(form);
        const bool is_derived = described != nullptr && described->kind == QuantizerKind::kDerived;
        if (is_derived == derived) attach(form, described);
      }
    }
    return std::move(warnings_);
  }

 private:
  const Quantizer* description(const QuantForm& form) const {
    const auto found = metadata_.quants.find(graph_.node(form.node).layer);
    if (found == metadata_.quants.end()) return nullptr;
    return &metadata_.quantizers[static_cast<std::size_t>(found->second.index)];
  }

  void attach(const QuantForm& form, const Quantizer* described) {
    const std::string& layer = graph_.node(form.node).layer;
    QuantSpec spec = form.spec;
    if (form.axis) {
      const Value& value = graph_.value(graph_.node(form.node).inputs[0]);
      const auto rank = static_cast<std::int64_t>(value.dims ? value.dims->size() : 0);
      const std::int64_t axis = *form.axis < 0 ? *form.axis + rank : *form.axis;
      if (axis < 0 || axis >= rank) {
        fail(ErrorCode::kParse, "layer '{}': its scales lie along an axis that '{}' lacks", layer,
             value.name);
      }
      spec.granularity = Granularity::kPerChannel;
      spec.channel_axis = static_cast<int>(axis);
    }
    if (described != nullptr) {
      if (agrees(form, spec, *described)) {
        if (const auto entry = restored(*described, form)) {
          graph_.set_quantizer(form.node, *entry);
          return;
        }
      }
      warnings_.push_back(fmt::format(
          "layer '{}': the file was edited since quern wrote it; its quantizer '{}' is read anew",
          layer, described->name));
    }
    graph_.set_quantizer(form.node, added(form, spec, layer));
  }

  /// True where metadata and QONNX name the same grid.
  static bool agrees(const QuantForm& form, const QuantSpec& spec, const Quantizer& described) {
    const QuantSpec& known = described.spec;
    std::vector<std::int32_t> zero_points = described.zero_point;
    if (std::ranges::all_of(zero_points, [](auto z) { return z == 0; })) zero_points = {};
    const bool same_codes = known.is_bipolar()
                                ? spec.is_bipolar()
                                : known.bits == spec.bits && known.is_signed == spec.is_signed &&
                                      known.narrow_range == spec.narrow_range &&
                                      known.rounding == spec.rounding;
    // One channel looks like one scale.
    const bool same_axis = form.scales.size() == 1 || (known.granularity == spec.granularity &&
                                                       known.channel_axis == spec.channel_axis);
    return same_codes && same_axis && zero_points == form.zero_points;
  }

  /// The table's entry for a description; none if its scale is not the file's.
  std::optional<QuantizerId> restored(const Quantizer& described, const QuantForm& form) {
    const auto index = static_cast<std::size_t>(described.id.index);
    if (described.kind == QuantizerKind::kDerived) {
      if (!entries_[index]) entries_[index] = add(described);
      if (!entries_[index] || graph_.params(*entries_[index]).scale != form.scales) {
        return std::nullopt;
      }
      return entries_[index];
    }
    if (restored_scale(described.scale, form.scales) == std::nullopt) return std::nullopt;
    if (!entries_[index]) entries_[index] = add(described);
    return entries_[index];
  }

  /// The table's scale for one of the description's; none if its values are others or not known.
  std::optional<ScaleId> restored_scale(ScaleId id, const std::vector<float>& values) {
    const auto index = static_cast<std::size_t>(id.index);
    if (!scales_[index]) {
      if (values.empty()) return std::nullopt;
      scales_[index] = graph_.add_scale({{}, metadata_.scales[index].name, values});
    }
    if (!values.empty() && graph_.scale(*scales_[index]).values != values) return std::nullopt;
    return scales_[index];
  }

  /// A copy of a description in the graph's table; none where a scale it needs is not known.
  std::optional<QuantizerId> add(const Quantizer& described) {
    Quantizer entry = described;
    if (described.kind != QuantizerKind::kDerived) {
      const Scale& scale = metadata_.scales[static_cast<std::size_t>(described.scale.index)];
      const auto restored = restored_scale(described.scale, scale.values);
      if (!restored) return std::nullopt;
      entry.scale = *restored;
    }
    for (QuantizerId& factor : entry.factors) {
      if (!factor) continue;
      const auto index = static_cast<std::size_t>(factor.index);
      if (!entries_[index]) entries_[index] = add(metadata_.quantizers[index]);
      if (!entries_[index]) return std::nullopt;
      factor = *entries_[index];
    }
    return graph_.add_quantizer(std::move(entry));
  }

  /// An entry for a Quant that nothing but the file's nodes describe.
  QuantizerId added(const QuantForm& form, const QuantSpec& spec, const std::string& layer) {
    const auto [known, is_new] = shared_.try_emplace(form.scale);
    if (is_new) known->second = graph_.add_scale({{}, graph_.value(form.scale).name, form.scales});
    Quantizer entry;
    entry.name = layer;
    entry.spec = spec;
    entry.scale = known->second;
    entry.zero_point = form.zero_points;
    return graph_.add_quantizer(std::move(entry));
  }

  Graph& graph_;
  const FileMetadata& metadata_;
  std::vector<std::optional<QuantizerId>> entries_;  ///< Of the description, once in the table.
  std::vector<std::optional<ScaleId>> scales_;
  std::unordered_map<ValueId, ScaleId> shared_;  ///< By the scale's value, for other Quants.
  std::vector<std::string> warnings_;
};

}  // namespace

void check_scales(const std::vector<float>& scales) {
  for (const float scale : scales) {
    if (!(std::isfinite(scale) && scale > 0)) {
      fail(ErrorCode::kParse, "a scale is {}, expected a finite number above 0", scale);
    }
  }
}

std::vector<QuantForm> detach_quants(Graph& graph) {
  std::vector<QuantForm> forms;
  for (const NodeId id : graph.nodes()) {
    const std::string op = graph.node(id).op;
    if (op == "Trunc") {
      fail(ErrorCode::kUnsupported,
           "layer '{}': QONNX's Trunc is not read (supported: Quant and BipolarQuant)",
           graph.node(id).layer);
    }
    if (op != "Quant" && op != "BipolarQuant") continue;
    forms.push_back(with_context(fmt::format("layer '{}'", graph.node(id).layer),
                                 [&] { return QuantReader(graph, id).run(); }));
    graph.set_op(id, "Quant");
    while (graph.node(id).inputs.size() > 1) {
      graph.remove_input(id, graph.node(id).inputs.size() - 1);
    }
  }
  return forms;
}

std::vector<std::string> attach_quants(Graph& graph, const std::vector<QuantForm>& forms,
                                       const FileMetadata& metadata) {
  return QuantTable(graph, metadata).run(forms);
}

}  // namespace quern
