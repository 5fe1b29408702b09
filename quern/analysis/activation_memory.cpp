#include "quern/analysis/activation_memory.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "quern/analysis/dataflow.h"
#include "quern/ops/dims.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr int kFloatBits = 32;

struct Buffer {
  std::int64_t elements = 0;
  int bits = kFloatBits;
  std::size_t first = 0;  ///< The node that writes it first, by position in the schedule.
  std::size_t last = 0;   ///< The node that reads it last.

  std::int64_t bytes(int element_bits) const { return (elements * element_bits + 7) / 8; }
};

bool works_in_place(const Graph& graph, const Node& node) {
  const QuantRole role = quant_role(graph, node);
  const bool is_elementwise = role == QuantRole::kQuant || role == QuantRole::kAffine ||
                              role == QuantRole::kActivation || node.op == "Flatten" ||
                              node.op == "Reshape" || node.op == "Squeeze" ||
                              node.op == "Unsqueeze";
  const std::vector<std::size_t> inputs = activation_inputs(graph, node);
  return is_elementwise && inputs.size() == 1 && graph.use_count(node.inputs[inputs.front()]) == 1;
}

class Liveness {
 public:
  explicit Liveness(const Graph& graph) : graph_(graph), order_(graph.nodes()) {
    for (const ValueId input : graph_.inputs()) define(input, 0);
    for (std::size_t step = 0; step < order_.size(); ++step) visit(graph_.node(order_[step]), step);
    for (const ValueId output : graph_.outputs()) {
      if (const auto buffer = buffer_of_.find(output); buffer != buffer_of_.end()) {
        buffers_[buffer->second].last = order_.size();
      }
    }
  }

  ActivationMemory peak() const {
    ActivationMemory peak;
    for (std::size_t step = 0; step < order_.size(); ++step) {
      ActivationMemory alive;
      for (const Buffer& buffer : buffers_) {
        if (buffer.first > step || buffer.last < step) continue;
        alive.float_bytes += buffer.bytes(kFloatBits);
        alive.bytes += buffer.bytes(buffer.bits);
      }
      peak.float_bytes = std::max(peak.float_bytes, alive.float_bytes);
      peak.bytes = std::max(peak.bytes, alive.bytes);
    }
    return peak;
  }

 private:
  void define(ValueId value, std::size_t step) {
    const auto& dims = graph_.value(value).dims;
    buffer_of_[value] = buffers_.size();
    buffers_.push_back({dims ? least_element_count(*dims) : 0, kFloatBits, step, step});
  }

  void visit(const Node& node, std::size_t step) {
    const std::vector<std::size_t> inputs = activation_inputs(graph_, node);
    if (inputs.empty()) return;  // Only constants: nothing that lives at run time.
    for (const std::size_t i : inputs) {
      if (const auto buffer = buffer_of_.find(node.inputs[i]); buffer != buffer_of_.end()) {
        buffers_[buffer->second].last = step;
      }
    }
    const auto source = buffer_of_.find(node.inputs[inputs.front()]);
    if (source != buffer_of_.end() && works_in_place(graph_, node)) {
      const std::size_t buffer = source->second;
      buffer_of_[node.outputs[0]] = buffer;
      if (node.op == "Quant") buffers_[buffer].bits = graph_.quantizer(node.quantizer).spec.bits;
      return;
    }
    for (const ValueId output : node.outputs) {
      if (!output) continue;
      define(output, step);
      if (node.op == "Quant") {
        buffers_.back().bits = graph_.quantizer(node.quantizer).spec.bits;
      } else if (quant_role(graph_, node) == QuantRole::kPreserving && source != buffer_of_.end()) {
        buffers_.back().bits = buffers_[buffer_of_.at(node.inputs[inputs.front()])].bits;
      }
    }
  }

  const Graph& graph_;
  std::vector<NodeId> order_;
  std::vector<Buffer> buffers_;
  std::unordered_map<ValueId, std::size_t> buffer_of_;
};

}  // namespace

ActivationMemory activation_memory(const Graph& graph) { return Liveness(graph).peak(); }

}  // namespace quern
