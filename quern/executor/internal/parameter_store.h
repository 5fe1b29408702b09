#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What a tensor that training changes is in its network.
enum class ParameterRole : std::uint8_t {
  kWeight,           ///< Of a convolution or linear layer, or the slope of a PRelu.
  kBias,             ///< Input 2 of such a layer, or what an Add behind it adds.
  kGamma,            ///< Of a batch norm.
  kBeta,             ///< Of a batch norm.
  kRunningMean,      ///< Of a batch norm; measured.
  kRunningVariance,  ///< Of a batch norm; measured.
  kWeightScale,      ///< The step of a grid (lsq) or its threshold (pact), of weights.
  kActivationScale,  ///< The same of activations; measured where min_max.
  kStatistic,  ///< The running threshold of what an activation's quantizer reads; 0: none yet.
};

/// "weight", "bias", "gamma", "beta", "running_mean", "running_variance", "weight_scale",
/// "activation_scale", "statistic"
std::string_view name(ParameterRole role);

/// One tensor that training changes: float32, a leaf of autograd where it is learned.
struct Parameter {
  std::string name;   ///< Unique: "features.0.0.weight".
  std::string layer;  ///< Of the first node that reads it.
  ParameterRole role;
  at::Tensor tensor;  ///< Rank 4 lies channels last. A 0 among scales: not known yet.

  bool is_learned() const { return tensor.requires_grad(); }
};

/// Everything that training changes about a graph. The tensors stay the same objects: whoever holds
/// one sees what others write.
class ParameterStore {
 public:
  /// Scales of weights that are not known start from the weights (lsq: arXiv:1902.08153, 2.1).
  /// @throws Error(kUnsupported) naming the layer of a weight that is not float32.
  explicit ParameterStore(const Graph& graph);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// Null where there is none of that name.
  const Parameter* find(std::string_view name) const;

  /// The tensor behind a constant; null where training leaves it alone.
  const at::Tensor* value(ValueId constant) const;

  /// The scale of a trainable quantizer as a function of what is learned: the step, or the
  /// threshold by its code. One element or one per channel; not of min_max weights.
  at::Tensor scale(QuantizerId quantizer) const;

  /// The scale of any quantizer as it stands, without gradient; that of a bias is the product.
  at::Tensor current_scale(QuantizerId quantizer) const;

  /// Takes the threshold of one batch into an activation quantizer's running one, and sets its
  /// scale to the largest that any quantizer of that scale needs. @return the scale.
  float observe(QuantizerId quantizer, float threshold);

  /// Puts scales that a step of the optimizer took to 0 or below back above 0. @return the first
  /// that it made infinite or NaN, which no later step mends; null where there is none.
  const Parameter* keep_scales_positive();

  /// Puts weights, batch norms and scales into `graph`, which has those of this store by name.
  /// @throws Error(kInvalidArgument) naming a scale that is not known yet, or a tensor that is not
  ///         finite.
  void write_to(Graph& graph) const;

  /// All tensors by name, and the grids they belong to: what a checkpoint holds.
  std::map<std::string, Tensor> state() const;
  /// @throws Error(kInvalidArgument) naming the first difference of a state of another graph, other
  ///         kinds of quantizers or other bits; nothing is changed then.
  void load(const std::map<std::string, Tensor>& state);

 private:
  struct LearnedScale {
    QuantizerKind kind;
    bool is_weight = false;
    std::string name;
    std::int64_t code = 1;  ///< What `tensor` is the threshold of; 1 where it is the step.
    std::vector<QuantizerId> quantizers;
    std::size_t parameter = 0;  ///< Position; none where `is_computed`.
    /// min_max weights and the grids they are rounded to.
    std::vector<std::pair<ValueId, QuantizerId>> weights;

    bool is_computed() const { return is_weight && kind == QuantizerKind::kMinMax; }
  };

  std::size_t add(std::string name, const std::string& layer, ParameterRole role,
                  at::Tensor tensor);
  void add_constant(const Node& node, std::size_t input, ParameterRole role);
  void add_layer(const Node& node);
  void add_scale(const Node& quant);
  at::Tensor initial_scale(const Node& quant, const LearnedScale& learned) const;
  at::Tensor computed_scale(const LearnedScale& learned) const;

  Graph graph_;
  std::vector<Parameter> parameters_;
  NameTable<std::size_t> names_;
  std::map<ValueId, std::size_t> values_;
  std::map<ScaleId, LearnedScale> scales_;
  std::map<QuantizerId, std::size_t> statistics_;
};

}  // namespace quern
