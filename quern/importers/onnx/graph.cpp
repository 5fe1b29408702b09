#include "quern/importers/onnx/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "onnx/onnx.pb.h"
#include "quern/importers/onnx/tensors.h"
#include "quern/importers/utf8.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// Operator sets whose nodes are read; those from the third on hold Quant.
constexpr std::array<std::string_view, 5> kDomains = {"", "ai.onnx", "qonnx.custom_op.general",
                                                      "onnx.brevitas", "finn.custom_op.general"};

/// onnxruntime has its own names for what ONNX came to hold later.
bool is_read(const onnx::NodeProto& node) {
  if (node.domain() == "com.microsoft") {
    return node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear";
  }
  return std::ranges::find(kDomains, node.domain()) != kDomains.end();
}

/// Extents beyond this are taken for damage: no image or batch comes near.
constexpr std::int64_t kMaxExtent = std::numeric_limits<std::int32_t>::max();

template <class T, class Field>
std::vector<T> list_of(const Field& field) {
  return {field.begin(), field.end()};
}

/// The type of an attribute; files older than IR 2 leave it out.
onnx::AttributeProto::AttributeType type_of(const onnx::AttributeProto& proto) {
  if (proto.has_type() && proto.type() != onnx::AttributeProto::UNDEFINED) return proto.type();
  if (proto.has_i()) return onnx::AttributeProto::INT;
  if (proto.has_f()) return onnx::AttributeProto::FLOAT;
  if (proto.has_s()) return onnx::AttributeProto::STRING;
  if (proto.has_t()) return onnx::AttributeProto::TENSOR;
  if (proto.ints_size() > 0) return onnx::AttributeProto::INTS;
  if (proto.floats_size() > 0) return onnx::AttributeProto::FLOATS;
  if (proto.strings_size() > 0) return onnx::AttributeProto::STRINGS;
  return onnx::AttributeProto::UNDEFINED;
}

Attribute read_attribute(const onnx::AttributeProto& proto, const std::filesystem::path& folder) {
  switch (type_of(proto)) {
    case onnx::AttributeProto::INT:
      return proto.i();
    case onnx::AttributeProto::FLOAT:
      if (std::isnan(proto.f())) fail(ErrorCode::kParse, "it is not a number");
      return proto.f();
    case onnx::AttributeProto::STRING:
      return proto.s();
    case onnx::AttributeProto::TENSOR:
      return read_tensor(proto.t(), folder);
    case onnx::AttributeProto::INTS:
      return list_of<std::int64_t>(proto.ints());
    case onnx::AttributeProto::FLOATS:
      if (std::ranges::any_of(proto.floats(), [](float x) { return std::isnan(x); })) {
        fail(ErrorCode::kParse, "it holds something that is not a number");
      }
      return list_of<float>(proto.floats());
    case onnx::AttributeProto::STRINGS:
      return list_of<std::string>(proto.strings());
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS:
      fail(ErrorCode::kUnsupported,
           "it holds a graph of its own, and control flow is not read (export the model without "
           "If, Loop and Scan)");
    default:
      fail(ErrorCode::kUnsupported, "its type is not read (supported: numbers, strings, tensors)");
  }
}

/// The tensor that a Constant node stands for, whichever attribute holds it.
Tensor constant_of(const Node& node) {
  for (const auto& [key, value] : node.attributes) {
    if (key == "value" && std::holds_alternative<Tensor>(value)) return std::get<Tensor>(value);
    if (const auto* one = std::get_if<float>(&value)) return Tensor::scalar(*one);
    if (const auto* one = std::get_if<std::int64_t>(&value)) return Tensor::scalar(*one);
    if (const auto* list = std::get_if<std::vector<float>>(&value)) {
      return Tensor::of<float>({static_cast<std::int64_t>(list->size())}, *list);
    }
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
      return Tensor::of<std::int64_t>({static_cast<std::int64_t>(list->size())}, *list);
    }
  }
  fail(ErrorCode::kUnsupported, "layer '{}': the Constant holds no tensor or number", node.layer);
}

class GraphReader {
 public:
  GraphReader(const onnx::GraphProto& proto, const GraphSource& source)
      : proto_(proto), source_(source) {}

  FileGraph run() {
    graph_.name = proto_.name();
    require_utf8(graph_.name, "the graph");
    if (proto_.sparse_initializer_size() > 0) {
      fail(ErrorCode::kUnsupported, "it has sparse initializers (supported: dense ones)");
    }
    for (const auto& initializer : proto_.initializer()) {
      const std::string& name = checked(initializer.name(), "an initializer");
      if (!initializers_.emplace(name, &initializer).second) {
        fail(ErrorCode::kParse, "the initializer '{}' is defined twice", name);
      }
    }
    for (const auto& input : proto_.input()) add_input(input);
    for (int i = 0; i < proto_.node_size(); ++i) declare_outputs(i);
    for (int i = 0; i < proto_.node_size(); ++i) add_node(i);
    for (const auto& output : proto_.output()) {
      graph_.add_output(find(checked(output.name(), "an output"), "the network's output"));
    }
    return {std::move(graph_), std::move(opsets_), std::move(narrow_constants_)};
  }

 private:
  static const std::string& checked(const std::string& name, std::string_view what) {
    if (name.empty()) fail(ErrorCode::kParse, "{} has no name", what);
    require_utf8(name, what);
    return name;
  }

  void define(const std::string& name, ValueId id, const std::string& by) {
    if (!values_.emplace(name, id).second || initializers_.contains(name)) {
      fail(ErrorCode::kParse, "{} defines '{}', which is already defined elsewhere", by, name);
    }
  }

  void add_input(const onnx::ValueInfoProto& input) {
    const std::string& name = checked(input.name(), "an input");
    if (initializers_.contains(name)) return;  // A default value: files before IR 4 list them all.
    with_context(fmt::format("input '{}'", name), [&] {
      if (!input.type().has_tensor_type()) {
        fail(ErrorCode::kUnsupported,
             "it is not a tensor (sequences, maps and optionals are not read)");
      }
      const auto& type = input.type().tensor_type();
      const DType dtype = dtype_from_onnx(type.elem_type());
      Dims dims;
      for (const auto& dim : type.shape().dim()) dims.push_back(read_dim(dim));
      const ValueId id = graph_.add_input(name, dtype, dims);
      if (!type.has_shape()) graph_.set_type(id, dtype, std::nullopt);
      define(name, id, "an input");
    });
  }

  static Dim read_dim(const onnx::TensorShapeProto::Dimension& dim) {
    if (dim.dim_value() > kMaxExtent) {
      fail(ErrorCode::kParse, "it has the extent {} (at most {})", dim.dim_value(), kMaxExtent);
    }
    require_utf8(dim.dim_param(), "an extent");
    // Some exporters write −1 or 0 where an extent is free.
    if (dim.has_dim_value() && dim.dim_value() > 0) return {dim.dim_value(), ""};
    return {-1, dim.dim_param()};
  }

  const std::string& layer(int index) const {
    return source_.layers.at(static_cast<std::size_t>(index));
  }

  /// Values for all outputs first, so that nodes may stand in any order.
  void declare_outputs(int index) {
    const onnx::NodeProto& proto = proto_.node(index);
    const std::string by = fmt::format("layer '{}'", layer(index));
    const bool is_constant = proto.op_type() == "Constant";
    for (const std::string& output : proto.output()) {
      if (output.empty()) continue;
      require_utf8(output, "an output");
      const ValueId id = is_constant ? graph_.add_constant(output, constant_of(read_node(index)))
                                     : graph_.add_value(output);
      define(output, id, by);
    }
  }

  void add_node(int index) {
    const onnx::NodeProto& proto = proto_.node(index);
    if (proto.op_type() == "Constant") return;
    Node node = read_node(index);
    if (proto.output_size() == 0) {
      fail(ErrorCode::kParse, "layer '{}' has no output", node.layer);
    }
    const std::string reader = fmt::format("layer '{}'", node.layer);
    for (const std::string& input : proto.input()) {
      node.inputs.push_back(input.empty() ? ValueId{} : find(input, reader));
    }
    for (const std::string& output : proto.output()) {
      node.outputs.push_back(output.empty() ? ValueId{} : values_.at(output));
    }
    graph_.add_node(std::move(node));
    opsets_.push_back(source_.opsets.at(static_cast<std::size_t>(index)));
  }

  /// Layer, op and attributes.
  Node read_node(int index) const {
    const onnx::NodeProto& proto = proto_.node(index);
    Node node;
    node.layer = layer(index);
    node.op = proto.op_type();
    require_utf8(node.layer, "a layer");
    if (!is_utf8(node.op) || node.op.empty()) {
      fail(ErrorCode::kParse, "layer '{}' names no op", node.layer);
    }
    if (!is_read(proto)) {
      fail(
          ErrorCode::kUnsupported,
          "layer '{}': the op '{}' is of the operator set '{}' (supported: ONNX's own and QONNX's)",
          node.layer, node.op, proto.domain());
    }
    for (const auto& attribute : proto.attribute()) {
      require_utf8(attribute.name(), "an attribute");
      const std::string where =
          fmt::format("layer '{}' ({}): attribute '{}'", node.layer, node.op, attribute.name());
      Attribute value =
          with_context(where, [&] { return read_attribute(attribute, source_.folder); });
      if (!node.attributes.emplace(attribute.name(), std::move(value)).second) {
        fail(ErrorCode::kParse, "{}: it is given twice", where);
      }
    }
    return node;
  }

  /// The value called `name`; an initializer becomes a constant when it is first read.
  ValueId find(const std::string& name, const std::string& reader) {
    if (const auto known = values_.find(name); known != values_.end()) return known->second;
    const auto initializer = initializers_.find(name);
    if (initializer == initializers_.end()) {
      fail(ErrorCode::kParse, "{} reads '{}', which no node, input or initializer defines", reader,
           name);
    }
    const ValueId id = with_context(fmt::format("initializer '{}'", name), [&] {
      const ValueId constant =
          graph_.add_constant(name, read_tensor(*initializer->second, source_.folder));
      const int bits = bits_of_onnx(initializer->second->data_type());
      if (bits < 8) narrow_constants_[constant] = bits;
      return constant;
    });
    return values_[name] = id;
  }

  const onnx::GraphProto& proto_;
  const GraphSource& source_;
  Graph graph_;
  std::vector<std::int64_t> opsets_;
  std::unordered_map<ValueId, int> narrow_constants_;
  std::unordered_map<std::string, ValueId> values_;
  std::unordered_map<std::string, const onnx::TensorProto*> initializers_;
};

}  // namespace

FileGraph read_graph(const onnx::GraphProto& proto, const GraphSource& source) {
  return GraphReader(proto, source).run();
}

}  // namespace quern
