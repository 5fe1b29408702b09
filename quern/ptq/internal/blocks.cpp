#include "quern/ptq/internal/blocks.h"

#include <algorithm>
#include <map>
#include <set>

#include "quern/ptq/internal/weight_grid.h"

namespace quern::internal {
namespace {

/// Positions in the order of computation; a graph input has −1, a graph output is read at the end.
class Positions {
 public:
  explicit Positions(const Graph& graph) : graph_(graph), nodes_(graph.nodes()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      position_[nodes_[i]] = static_cast<std::ptrdiff_t>(i);
    }
    for (const ValueId value : graph.values()) {
      if (graph.constant_behind(value) != nullptr) continue;
      Life life{value, -1, -1};
      if (const Node* producer = graph.producer(value)) life.made = position_[producer->id];
      for (const Graph::Use& use : graph.uses(value)) {
        life.read = std::max(life.read, position_[use.node]);
      }
      if (graph.is_output(value)) life.read = std::ssize(nodes_);
      lives_.push_back(life);
    }
    std::ranges::stable_sort(lives_, {}, &Life::made);
  }

  const std::vector<NodeId>& nodes() const { return nodes_; }

  /// Whether one value alone crosses the place behind node `position`.
  bool is_waist(std::ptrdiff_t position) const {
    return std::ranges::count_if(lives_, [&](const Life& life) {
             return life.made <= position && life.read > position;
           }) == 1;
  }

  /// Values made before node `first` that nodes from it to before `end` read.
  std::vector<ValueId> read_by(std::ptrdiff_t first, std::ptrdiff_t end) const {
    std::vector<ValueId> values;
    for (const Life& life : lives_) {
      const auto uses = graph_.uses(life.value);
      const bool is_read = std::ranges::any_of(uses, [&](const Graph::Use& use) {
        const std::ptrdiff_t reader = position_.at(use.node);
        return reader >= first && reader < end;
      });
      if (life.made < first && is_read) values.push_back(life.value);
    }
    return values;
  }

  /// Values that those nodes make and later ones read.
  std::vector<ValueId> left_by(std::ptrdiff_t first, std::ptrdiff_t end) const {
    std::vector<ValueId> values;
    for (const Life& life : lives_) {
      if (life.made >= first && life.made < end && life.read >= end) values.push_back(life.value);
    }
    return values;
  }

 private:
  struct Life {
    ValueId value;
    std::ptrdiff_t made;
    std::ptrdiff_t read;
  };

  const Graph& graph_;
  std::vector<NodeId> nodes_;
  std::map<NodeId, std::ptrdiff_t> position_;
  std::vector<Life> lives_;
};

/// Elements of one picture; 0 where they are not known.
std::int64_t elements(const Graph& graph, ValueId value) {
  const auto& dims = graph.value(value).dims;
  if (!dims) return 0;
  std::int64_t count = 1;
  for (std::size_t i = 1; i < dims->size(); ++i) {
    if (!(*dims)[i].is_fixed()) return 0;
    count *= (*dims)[i].size;
  }
  return count;
}

/// Whether a node makes one number of each plane of its input.
bool pools_planes(const Graph& graph, const Node& node) {
  const auto& dims = graph.value(node.inputs[0]).dims;
  if (!dims || dims->size() != 4 || node.op == "Conv") return false;
  const std::int64_t pixels = (*dims)[2].size * (*dims)[3].size;
  const std::int64_t before = elements(graph, node.inputs[0]);
  return pixels > 1 && before > 0 && elements(graph, node.outputs[0]) * pixels == before;
}

/// Finds the blocks in one walk over the nodes.
class Cutter {
 public:
  Cutter(const Graph& graph, std::size_t max_layers)
      : graph_(graph), positions_(graph), max_layers_(max_layers) {
    for (const WeightedLayer& layer : weighted_layers(graph)) {
      const bool is_own = graph.use_count(graph.node(layer.node).inputs[1]) == 1;
      if (is_own && WeightGrid::of(graph, layer)) layers_.emplace(layer.node, layer);
    }
  }

  std::vector<Block> run() {
    const std::ptrdiff_t count = std::ssize(positions_.nodes());
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const NodeId id = positions_.nodes()[static_cast<std::size_t>(i)];
      const bool pools = open_ > 0 && pools_planes(graph_, graph_.node(id));
      if (layers_.contains(id)) {
        ++open_;
        ++behind_waist_;
      }
      if ((open_ > max_layers_ || pools) && waist_ > first_) {
        close(waist_);
        open_ = behind_waist_;
      } else if (open_ > 2 * max_layers_) {
        close(i);
        open_ = behind_waist_ = 1;
      }
      if (positions_.is_waist(i)) {
        waist_ = i + 1;
        behind_waist_ = 0;
      }
    }
    close(count);
    return std::move(blocks_);
  }

 private:
  void close(std::ptrdiff_t end) {
    Block block{positions_.read_by(first_, end), positions_.left_by(first_, end), {}, {}};
    for (std::ptrdiff_t i = first_; i < end; ++i) {
      const Node& node = graph_.node(positions_.nodes()[static_cast<std::size_t>(i)]);
      const auto layer = layers_.find(node.id);
      if (layer != layers_.end()) block.layers.push_back(layer->second);
      if (node.op != "Quant" || graph_.constant_behind(node.inputs[0]) != nullptr) continue;
      const ScaleId scale = graph_.quantizer(node.quantizer).scale;
      if (!scale || !seen_.insert(scale).second) continue;
      if (graph_.scale(scale).values.size() == 1) block.scales.push_back(scale);
    }
    if (!block.layers.empty()) blocks_.push_back(std::move(block));
    first_ = waist_ = end;
  }

  const Graph& graph_;
  const Positions positions_;
  const std::size_t max_layers_;
  std::map<NodeId, WeightedLayer> layers_;
  std::set<ScaleId> seen_;
  std::vector<Block> blocks_;
  std::ptrdiff_t first_ = 0;  ///< Node of the open block.
  std::ptrdiff_t waist_ = 0;  ///< Where it can end; `first_` while nowhere.
  std::size_t open_ = 0;      ///< Its layers.
  std::size_t behind_waist_ = 0;
};

}  // namespace

std::vector<Block> find_blocks(const Graph& graph, std::size_t max_layers) {
  return Cutter(graph, max_layers).run();
}

Block block_of(const Graph& graph, const WeightedLayer& layer) {
  return {{layer.input}, {graph.node(layer.node).outputs[0]}, {layer}, {}};
}

}  // namespace quern::internal
