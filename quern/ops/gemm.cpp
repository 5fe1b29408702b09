#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

/// The two axes of a matrix after its optional transposition.
Dims matrix(const NodeView& gemm, std::size_t index, std::string_view transpose) {
  const Dims& dims = *gemm.dims(index);
  gemm.check(dims.size() == 2, "Gemm reads '{}' of shape {}, expected a matrix",
             gemm.input(index).name, to_string(dims));
  const bool is_transposed = gemm.attribute<std::int64_t>(transpose) != 0;
  return is_transposed ? Dims{dims[1], dims[0]} : dims;
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView gemm(graph, node);
  check_same_type(graph, node, 0, 1);
  check_same_type(graph, node, 0, 2);
  if (!gemm.dims(0) || !gemm.dims(1)) return {{gemm.dtype(0), std::nullopt}};
  const Dims a = matrix(gemm, 0, "transA");
  const Dims b = matrix(gemm, 1, "transB");
  gemm.check(unify(a[1], b[0]).has_value(), "Gemm multiplies {} by {}: the inner extents differ",
             to_string(a), to_string(b));
  const Dims output = {a[0], b[1]};
  if (gemm.has_input(2) && gemm.dims(2)) {
    const std::optional<Dims> sum = broadcast(output, *gemm.dims(2));
    // One way only: the addend may not enlarge the product.
    bool fits = sum && sum->size() == 2;
    for (std::size_t i = 0; fits && i < 2; ++i) fits = unify((*sum)[i], output[i]).has_value();
    gemm.check(fits, "Gemm adds '{}' of shape {} to a product of shape {}", gemm.input(2).name,
               to_string(gemm.dims(2)), to_string(output));
  }
  return {{gemm.dtype(0), output}};
}

/// K · N: the rows of A are the samples.
std::int64_t macs(const Graph& graph, const Node& node) {
  const std::optional<Dims>& weight = NodeView(graph, node).dims(1);
  return weight ? least_element_count(*weight) : 0;
}

}  // namespace

extern const OpDef kGemm{
    .op = "Gemm",
    .summary = "alpha · A · B + beta · C: a fully connected layer",
    .role = QuantRole::kCompute,
    .min_inputs = 2,
    .max_inputs = 3,
    .attributes = {{"alpha", AttributeKind::kFloat, 1.0f},
                   {"beta", AttributeKind::kFloat, 1.0f},
                   {"transA", AttributeKind::kInt, std::int64_t{0}},
                   {"transB", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
    .macs = macs,
};

}  // namespace quern
