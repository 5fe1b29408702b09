#include "quern/importers/onnx/functions.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "onnx/onnx.pb.h"
#include "quern/base/error.h"
#include "quern/importers/onnx/upgrade.h"

namespace quern {
namespace {

// A function that calls another twice, and so on, doubles with every line of the file.
constexpr std::size_t kMostNodes = 1 << 15;
constexpr std::size_t kMostBytes = 1 << 24;
constexpr int kMostDepth = 64;

/// What names and attributes mean inside of one call.
struct Scope {
  std::string layer;                ///< Of the call; empty in the graph itself.
  const onnx::NodeProto* call;      ///< Null in the graph itself.
  const onnx::FunctionProto* body;  ///< Likewise.
  std::int64_t opset;
  std::unordered_map<std::string, std::string> values;  ///< The function's names → the graph's.
};

class Inliner {
 public:
  Inliner(onnx::ModelProto& model, std::int64_t opset) : model_(model) {
    graph_.opset = opset;
    for (const auto& function : model.functions()) {
      functions_.emplace(key(function.domain(), function.name(), function.overload()), &function);
    }
    for (const auto& input : model.graph().input()) names_.insert(input.name());
    for (const auto& initializer : model.graph().initializer()) names_.insert(initializer.name());
    for (const auto& node : model.graph().node()) {
      names_.insert(node.output().begin(), node.output().end());
    }
  }

  std::vector<std::int64_t> run() {
    for (const auto& node : model_.graph().node()) expand(node, graph_);
    model_.mutable_graph()->mutable_node()->Swap(&nodes_);
    return std::move(opsets_);
  }

 private:
  static std::string key(const std::string& domain, const std::string& name,
                         const std::string& overload) {
    return domain + '\n' + name + '\n' + overload;
  }

  /// A node of `scope`: into the graph, or, where it is a call, what the function holds.
  void expand(const onnx::NodeProto& source, Scope& scope) {
    onnx::NodeProto node = scope.body == nullptr ? source : renamed(source, scope);
    if (scope.body != nullptr) charge(node);
    const auto function = functions_.find(key(node.domain(), node.op_type(), node.overload()));
    if (function == functions_.end()) {
      add(std::move(node), scope.opset);
    } else {
      expand_call(node, *function->second);
    }
  }

  static const std::string& layer(const onnx::NodeProto& call) {
    return call.name().empty() ? call.op_type() : call.name();
  }

  void add(onnx::NodeProto node, std::int64_t opset) {
    *nodes_.Add() = std::move(node);
    opsets_.push_back(opset);
  }

  void expand_call(const onnx::NodeProto& call, const onnx::FunctionProto& body) {
    if (std::ranges::find(open_, &body) != open_.end()) {
      fail(ErrorCode::kParse, "layer '{}': the function '{}' calls itself", layer(call),
           body.name());
    }
    if (open_.size() >= kMostDepth) {
      fail(ErrorCode::kUnsupported, "layer '{}': functions call functions more than {} deep",
           layer(call), kMostDepth);
    }
    Scope scope = scope_of(call, body);
    open_.push_back(&body);
    for (const auto& node : body.node()) expand(node, scope);
    open_.pop_back();
    // An output that is an input too has the input's name so far.
    for (int i = 0; i < std::min(call.output_size(), body.output_size()); ++i) {
      const std::string& inner = scope.values.at(body.output(i));
      if (call.output(i).empty() || inner == call.output(i)) continue;
      onnx::NodeProto identity;
      identity.set_op_type("Identity");
      identity.set_name(scope.layer + "/" + body.output(i));
      identity.add_input(inner);
      identity.add_output(call.output(i));
      add(std::move(identity), scope.opset);
    }
  }

  Scope scope_of(const onnx::NodeProto& call, const onnx::FunctionProto& body) {
    if (call.input_size() > body.input_size() || call.output_size() > body.output_size()) {
      fail(ErrorCode::kParse,
           "layer '{}' has {} inputs and {} outputs, the function '{}' that it calls {} and {}",
           layer(call), call.input_size(), call.output_size(), body.name(), body.input_size(),
           body.output_size());
    }
    for (const std::string& name : body.attribute()) {
      if (find_attribute(call, name) != nullptr) continue;
      fail(ErrorCode::kParse, "layer '{}' lacks the attribute '{}' of the function '{}'",
           layer(call), name, body.name());
    }
    Scope scope{layer(call), &call, &body, opset_of(body), {}};
    for (int i = 0; i < body.input_size(); ++i) {
      scope.values[body.input(i)] = i < call.input_size() ? call.input(i) : "";
    }
    for (int i = 0; i < body.output_size(); ++i) {
      const bool is_read = i < call.output_size() && !call.output(i).empty();
      scope.values.try_emplace(body.output(i),
                               is_read ? call.output(i) : fresh(scope, body.output(i)));
    }
    return scope;
  }

  std::int64_t opset_of(const onnx::FunctionProto& body) const {
    for (const auto& import : body.opset_import()) {
      if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
      if (import.version() >= kOldestOpset) return import.version();
      fail(ErrorCode::kUnsupported,
           "the function '{}' uses operator set {} (supported: {} and newer)", body.name(),
           import.version(), kOldestOpset);
    }
    return graph_.opset;
  }

  /// A node of a function with the names and attributes that it has in this call.
  onnx::NodeProto renamed(const onnx::NodeProto& source, Scope& scope) {
    onnx::NodeProto node = source;
    node.set_name(scope.layer + "/" + (source.name().empty() ? source.op_type() : source.name()));
    for (std::string& name : *node.mutable_input()) name = value(name, scope);
    for (std::string& name : *node.mutable_output()) name = value(name, scope);
    node.clear_attribute();
    for (const auto& attribute : source.attribute()) {
      if (attribute.ref_attr_name().empty()) {
        *node.add_attribute() = attribute;
        continue;
      }
      const onnx::AttributeProto* given = find_attribute(*scope.call, attribute.ref_attr_name());
      if (given == nullptr) given = default_of(*scope.body, attribute.ref_attr_name());
      if (given == nullptr) continue;  // Left out by the call: the node's own default.
      auto* copy = node.add_attribute();
      *copy = *given;
      copy->set_name(attribute.name());
    }
    return node;
  }

  /// The graph's name for a value of a function.
  std::string value(const std::string& name, Scope& scope) {
    if (name.empty()) return name;
    const auto [known, is_new] = scope.values.try_emplace(name);
    if (is_new) known->second = fresh(scope, name);
    return known->second;
  }

  /// A name that no value has.
  std::string fresh(const Scope& scope, const std::string& name) {
    std::string candidate = scope.layer + "/" + name;
    while (!names_.insert(candidate).second) {
      candidate = fmt::format("{}/{}_{}", scope.layer, name, ++suffix_);
    }
    return candidate;
  }

  static const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node,
                                                    std::string_view name) {
    const auto found = std::ranges::find(node.attribute(), name, &onnx::AttributeProto::name);
    return found == node.attribute().end() ? nullptr : &*found;
  }

  static const onnx::AttributeProto* default_of(const onnx::FunctionProto& body,
                                                std::string_view name) {
    const auto found = std::ranges::find(body.attribute_proto(), name, &onnx::AttributeProto::name);
    return found == body.attribute_proto().end() ? nullptr : &*found;
  }

  /// Counts a node that a call adds.
  void charge(const onnx::NodeProto& node) {
    added_bytes_ += node.ByteSizeLong();
    if (++added_ <= kMostNodes && added_bytes_ <= kMostBytes) return;
    fail(ErrorCode::kUnsupported,
         "the model's functions hold more than {} nodes or {} MiB once they are inlined",
         kMostNodes, kMostBytes >> 20);
  }

  onnx::ModelProto& model_;
  Scope graph_{"", nullptr, nullptr, 0, {}};
  std::unordered_map<std::string, const onnx::FunctionProto*> functions_;
  std::unordered_set<std::string> names_;
  std::int64_t suffix_ = 0;
  std::vector<const onnx::FunctionProto*> open_;  ///< Being expanded, outermost first.
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes_;
  std::vector<std::int64_t> opsets_;
  std::size_t added_ = 0;
  std::size_t added_bytes_ = 0;
};

}  // namespace

std::vector<std::int64_t> inline_functions(onnx::ModelProto& model, std::int64_t opset) {
  if (model.functions().empty()) {
    return std::vector<std::int64_t>(static_cast<std::size_t>(model.graph().node_size()), opset);
  }
  return Inliner(model, opset).run();
}

}  // namespace quern
