#include "quern/exporters/qonnx.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "onnx/onnx.pb.h"
#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/importers/onnx/metadata.h"
#include "quern/importers/onnx/tensors.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::int64_t kIrVersion = 8;
constexpr std::string_view kQuantDomain = "qonnx.custom_op.general";
constexpr std::int64_t kQuantDomainVersion = 2;

template <class Values, class Field>
void copy_to(const Values& values, Field* field) {
  for (const auto& value : values) *field->Add() = value;
}

/// Sets type and value of an attribute.
struct WriteAttribute {
  onnx::AttributeProto* proto;

  void operator()(std::int64_t value) const {
    proto->set_type(onnx::AttributeProto::INT);
    proto->set_i(value);
  }
  void operator()(float value) const {
    proto->set_type(onnx::AttributeProto::FLOAT);
    proto->set_f(value);
  }
  void operator()(const std::string& value) const {
    proto->set_type(onnx::AttributeProto::STRING);
    proto->set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    proto->set_type(onnx::AttributeProto::INTS);
    copy_to(values, proto->mutable_ints());
  }
  void operator()(const std::vector<float>& values) const {
    proto->set_type(onnx::AttributeProto::FLOATS);
    copy_to(values, proto->mutable_floats());
  }
  void operator()(const std::vector<std::string>& values) const {
    proto->set_type(onnx::AttributeProto::STRINGS);
    copy_to(values, proto->mutable_strings());
  }
  void operator()(const Tensor& value) const {
    proto->set_type(onnx::AttributeProto::TENSOR);
    write_tensor(value, proto->mutable_t());
  }
};

void add_attribute(onnx::NodeProto* node, const std::string& key, const Attribute& value) {
  onnx::AttributeProto* proto = node->add_attribute();
  proto->set_name(key);
  std::visit(WriteAttribute{proto}, value);
}

void write_value_info(const Value& value, onnx::ValueInfoProto* proto) {
  proto->set_name(value.name);
  onnx::TypeProto::Tensor* type = proto->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx_data_type(value.dtype));
  if (!value.dims) return;
  type->mutable_shape();  // A scalar has a shape, an empty one.
  for (const Dim& dim : *value.dims) {
    auto* extent = type->mutable_shape()->add_dim();
    if (dim.is_fixed()) {
      extent->set_dim_value(dim.size);
    } else if (!dim.symbol.empty()) {
      extent->set_dim_param(dim.symbol);
    }
  }
}

/// Turns one graph into one model.
class QonnxWriter {
 public:
  QonnxWriter(const Graph& graph, const QonnxOptions& options) : graph_(graph.compacted()) {
    require(options.batch >= 0, "the batch is {}, expected 0 (free) or more", options.batch);
    verify(graph_);
    if (options.batch > 0) fix_batch(options.batch);
    infer_shapes(graph_);
  }

  onnx::ModelProto run() {
    for (const ValueId id : graph_.values()) names_.insert(graph_.value(id).name);
    onnx::GraphProto* graph = model_.mutable_graph();
    // ONNX wants a name; an empty one comes back from the metadata.
    graph->set_name(graph_.name.empty() ? "graph" : graph_.name);
    for (const ValueId id : graph_.inputs()) write_value_info(graph_.value(id), graph->add_input());
    for (const ValueId id : graph_.outputs()) {
      write_value_info(graph_.value(id), graph->add_output());
    }
    for (const ValueId id : graph_.values()) add_value(graph_.value(id));
    for (const NodeId id : graph_.nodes()) add_node(graph_.node(id));
    add_header();
    return std::move(model_);
  }

 private:
  /// Writes `batch` where the first extent of an input is free, and notes that it was.
  void fix_batch(std::int64_t batch) {
    for (const ValueId id : graph_.inputs()) {
      const Value input = graph_.value(id);
      if (!input.dims || input.dims->empty() || input.dims->front().is_fixed()) continue;
      described_.free_extents.push_back({input.name, 0, batch, input.dims->front().symbol});
      Dims dims = *input.dims;
      dims.front() = {batch, ""};
      graph_.set_type(id, input.dtype, dims);
    }
  }

  void add_value(const Value& value) {
    if (value.constant) {
      add_initializer(value.name, *value.constant);
    } else if (graph_.producer(value.id) != nullptr && !graph_.is_output(value.id)) {
      write_value_info(value, model_.mutable_graph()->add_value_info());
    }
  }

  void add_initializer(const std::string& name, const Tensor& tensor) {
    onnx::TensorProto* proto = model_.mutable_graph()->add_initializer();
    write_tensor(tensor, proto);
    proto->set_name(name);
  }

  /// An initializer for what QONNX keeps in tensors; its name is near to `wanted`.
  std::string add_parameter(const std::string& wanted, const Tensor& tensor) {
    std::string name = wanted;
    for (int suffix = 2; !names_.insert(name).second; ++suffix) {
      name = fmt::format("{}_{}", wanted, suffix);
    }
    add_initializer(name, tensor);
    return name;
  }

  void add_node(const Node& node) {
    onnx::NodeProto* proto = model_.mutable_graph()->add_node();
    proto->set_name(node.layer);
    proto->set_op_type(node.op);
    const auto name_of = [&](ValueId id) { return id ? graph_.value(id).name : std::string(); };
    for (const ValueId id : node.inputs) {
      // qonnx's executor looks every input up; a Resize takes an empty one for none.
      proto->add_input(!id && node.op == "Resize" ? none_name() : name_of(id));
    }
    for (const ValueId id : node.outputs) proto->add_output(name_of(id));
    for (const auto& [key, value] : node.attributes) add_attribute(proto, key, value);
    if (node.op == "Quant") add_quantizer(node, proto);
  }

  void add_quantizer(const Node& node, onnx::NodeProto* proto) {
    const Quantizer& quantizer = graph_.quantizer(node.quantizer);
    const QuantParams params = graph_.params(quantizer.id);
    const QuantSpec& spec = quantizer.spec;
    const bool has_zero_point =
        std::ranges::any_of(params.zero_point, [](std::int32_t z) { return z != 0; });
    described_.quants[node.layer] = quantizer.id;
    if (quantizer.kind != QuantizerKind::kDerived) carried_.insert(quantizer.scale);

    const Shape shape = parameter_shape(node, spec, params);
    proto->set_domain(std::string(kQuantDomain));
    proto->add_input(scale_name(quantizer, shape, params.scale));
    if (spec.is_bipolar()) {
      require(!has_zero_point, "layer '{}': a bipolar grid has the zero point 0", node.layer);
      proto->set_op_type("BipolarQuant");
      return;
    }
    const std::vector<float> zero_points(params.zero_point.begin(), params.zero_point.end());
    const bool is_uniform =
        std::ranges::adjacent_find(zero_points, std::not_equal_to<>()) == zero_points.end();
    proto->add_input(is_uniform ? scalar_name("zero_point", zero_points[0])
                                : add_parameter(quantizer.name + ".zero_point",
                                                Tensor::of<float>(shape, zero_points)));
    proto->add_input(scalar_name("bits", static_cast<float>(spec.bits)));
    add_attribute(proto, "narrow", std::int64_t{spec.narrow_range});
    add_attribute(proto, "rounding_mode", std::string(name(spec.rounding)));
    add_attribute(proto, "signed", std::int64_t{spec.is_signed});
  }

  /// [] per tensor; per channel as many axes as the quantized value, all 1 but the channels'.
  Shape parameter_shape(const Node& node, const QuantSpec& spec, const QuantParams& params) const {
    if (spec.granularity == Granularity::kPerTensor) return {};
    const std::optional<Dims>& dims = graph_.value(node.inputs[0]).dims;
    require(dims && spec.channel_axis < std::ssize(*dims),
            "layer '{}': the channel axis {} is not one of its input's", node.layer,
            spec.channel_axis);
    Shape shape(dims->size(), 1);
    shape[static_cast<std::size_t>(spec.channel_axis)] = std::ssize(params.scale);
    return shape;
  }

  /// One initializer per scale, and per shape where values of other ranks share it.
  std::string scale_name(const Quantizer& quantizer, const Shape& shape,
                         const std::vector<float>& values) {
    const bool is_derived = quantizer.kind == QuantizerKind::kDerived;
    const std::string wanted =
        is_derived ? quantizer.name + ".scale" : graph_.scale(quantizer.scale).name;
    const auto key = std::pair(is_derived ? -1 - quantizer.id.index : quantizer.scale.index, shape);
    const auto [entry, is_new] = scale_names_.try_emplace(key);
    if (is_new) entry->second = add_parameter(wanted, Tensor::of<float>(shape, values));
    return entry->second;
  }

  /// An initializer without elements.
  const std::string& none_name() {
    if (none_name_.empty()) none_name_ = add_parameter("none", Tensor(DType::kFloat32, {0}));
    return none_name_;
  }

  /// One initializer per number: "bits_8".
  std::string scalar_name(const std::string& what, float value) {
    const auto [entry, is_new] = scalar_names_.try_emplace({what, value});
    if (is_new) {
      entry->second = add_parameter(fmt::format("{}_{:.0f}", what, value), Tensor::scalar(value));
    }
    return entry->second;
  }

  void add_header() {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("quern");
    add_opset("", kOpset);
    if (!described_.quants.empty()) add_opset(kQuantDomain, kQuantDomainVersion);

    described_.graph_name = graph_.name;
    described_.preprocessing = graph_.preprocessing;
    described_.label_offset = graph_.label_offset;
    for (const ScaleId id : graph_.scales()) {
      described_.scales.push_back(graph_.scale(id));
      if (carried_.contains(id)) described_.scales.back().values.clear();
    }
    for (const QuantizerId id : graph_.quantizers()) {
      described_.quantizers.push_back(graph_.quantizer(id));
    }
    std::map<std::string, std::string> metadata = graph_.metadata;
    const bool is_own = metadata.emplace(kMetadataKey, to_json(described_)).second;
    require(is_own, "the metadata key '{}' is taken by the model's own pairs", kMetadataKey);
    for (const auto& [key, value] : metadata) {
      auto* entry = model_.add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    }
  }

  void add_opset(std::string_view domain, std::int64_t version) {
    auto* import = model_.add_opset_import();
    import->set_domain(std::string(domain));
    import->set_version(version);
  }

  Graph graph_;
  FileMetadata described_;
  onnx::ModelProto model_;
  std::set<std::string> names_;  ///< Of all values, the ones only QONNX has included.
  std::set<ScaleId> carried_;    ///< Scales whose values stand in an initializer.
  std::map<std::pair<std::int32_t, Shape>, std::string> scale_names_;
  std::map<std::pair<std::string, float>, std::string> scalar_names_;
  std::string none_name_;
};

}  // namespace

std::vector<std::byte> to_qonnx(const Graph& graph, const QonnxOptions& options) {
  const onnx::ModelProto model = QonnxWriter(graph, options).run();
  const std::size_t size = model.ByteSizeLong();
  require(size <= std::numeric_limits<int>::max(),
          "the file would have {} bytes; ONNX files have at most 2 GiB", size);
  std::vector<std::byte> bytes(size);
  ensure(model.SerializeToArray(bytes.data(), static_cast<int>(size)), "the model is not written");
  return bytes;
}

void export_qonnx(const Graph& graph, const std::filesystem::path& path,
                  const QonnxOptions& options) {
  write_file(path, to_qonnx(graph, options));
}

}  // namespace quern
