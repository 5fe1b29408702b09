#include <algorithm>

#include "quern/base/nearest.h"
#include "quern/ops/op_def.h"

// One line an op, by name. Each is defined in the file of its name or of its family:
// activations, arithmetic, comparisons, functions, made_tensors, pooling, reductions.
#define QUERN_EVERY_OP(OP) \
  OP(Abs)                  \
  OP(Add)                  \
  OP(And)                  \
  OP(AveragePool)          \
  OP(BatchNormalization)   \
  OP(Cast)                 \
  OP(Ceil)                 \
  OP(Clip)                 \
  OP(Concat)               \
  OP(Constant)             \
  OP(ConstantOfShape)      \
  OP(Conv)                 \
  OP(ConvTranspose)        \
  OP(Div)                  \
  OP(Dropout)              \
  OP(Elu)                  \
  OP(Equal)                \
  OP(Erf)                  \
  OP(Exp)                  \
  OP(Expand)               \
  OP(Flatten)              \
  OP(Floor)                \
  OP(Gather)               \
  OP(Gelu)                 \
  OP(Gemm)                 \
  OP(GlobalAveragePool)    \
  OP(GlobalMaxPool)        \
  OP(Greater)              \
  OP(GreaterOrEqual)       \
  OP(HardSigmoid)          \
  OP(HardSwish)            \
  OP(Identity)             \
  OP(LeakyRelu)            \
  OP(Less)                 \
  OP(LessOrEqual)          \
  OP(Log)                  \
  OP(LogSoftmax)           \
  OP(MatMul)               \
  OP(Max)                  \
  OP(MaxPool)              \
  OP(Min)                  \
  OP(Mish)                 \
  OP(Mod)                  \
  OP(Mul)                  \
  OP(Neg)                  \
  OP(Not)                  \
  OP(Or)                   \
  OP(PRelu)                \
  OP(Pad)                  \
  OP(Pow)                  \
  OP(Quant)                \
  OP(Range)                \
  OP(Reciprocal)           \
  OP(ReduceMax)            \
  OP(ReduceMean)           \
  OP(ReduceMin)            \
  OP(ReduceProd)           \
  OP(Relu)                 \
  OP(Reshape)              \
  OP(Resize)               \
  OP(Round)                \
  OP(Shape)                \
  OP(Sigmoid)              \
  OP(Size)                 \
  OP(Slice)                \
  OP(Softmax)              \
  OP(Softplus)             \
  OP(Split)                \
  OP(Sqrt)                 \
  OP(Squeeze)              \
  OP(Sub)                  \
  OP(Tanh)                 \
  OP(Tile)                 \
  OP(Transpose)            \
  OP(Unsqueeze)            \
  OP(Where)

namespace quern {

#define QUERN_DECLARE_OP(op) extern const OpDef k##op;
QUERN_EVERY_OP(QUERN_DECLARE_OP)
#undef QUERN_DECLARE_OP

const std::vector<const OpDef*>& ops() {
#define QUERN_ADDRESS_OF_OP(op) &k##op,
  static const std::vector<const OpDef*> catalog = {QUERN_EVERY_OP(QUERN_ADDRESS_OF_OP)};
#undef QUERN_ADDRESS_OF_OP
  return catalog;
}

const OpDef* find_op(std::string_view op) {
  const auto name_of = [](const OpDef* def) { return def->op; };
  const auto found = std::ranges::lower_bound(ops(), op, {}, name_of);
  return found != ops().end() && (*found)->op == op ? *found : nullptr;
}

std::string_view nearest_op(std::string_view op) {
  // A shortened or lengthened name (BatchNorm, Conv2D) is nearer than its count of edits says.
  std::vector<std::string> names;
  std::vector<std::string> of_same_start;
  for (const OpDef* def : ops()) {
    names.emplace_back(def->op);
    const bool same_start = def->op.starts_with(op) || op.starts_with(def->op);
    if (same_start && !op.empty()) of_same_start.emplace_back(def->op);
  }
  return find_op(nearest(op, of_same_start.empty() ? names : of_same_start))->op;
}

QuantRole quant_role(const Graph& graph, const Node& node) {
  const OpDef* def = find_op(node.op);
  if (def == nullptr) return QuantRole::kFloat;
  return def->role_of == nullptr ? def->role : def->role_of(graph, node);
}

std::int64_t macs_per_sample(const Graph& graph, const Node& node) {
  const OpDef* def = find_op(node.op);
  return def == nullptr || def->macs == nullptr ? 0 : def->macs(graph, node);
}

}  // namespace quern
