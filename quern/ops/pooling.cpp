#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/window_geometry.h"

// MaxPool and AveragePool over a moving window of [N, C, H, W], and their global forms over all of
// H and W.

namespace quern {
namespace {

std::vector<ValueType> infer_pool(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  view.check_supported(!view.has_output(1) || graph.use_count(node.outputs[1]) == 0,
                       "the indices of {} are read (supported: its first output)", node.op);
  std::optional<Dims> dims;
  if (const auto& input = view.dims(0)) {
    const WindowGeometry window = window_geometry(graph, node);
    dims = Dims{(*input)[0], (*input)[1], {window.output[0], ""}, {window.output[1], ""}};
  }
  return {{view.dtype(0), dims}, {DType::kInt64, dims}};
}

std::vector<ValueType> infer_global_pool(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  view.check_supported(input->size() == 4, "the input of {} is {} (supported: 2-D, [N, C, H, W])",
                       node.op, to_string(input));
  view.check((*input)[2].size != 0 && (*input)[3].size != 0, "the input of {} is empty: {}",
             node.op, to_string(input));
  return {{view.dtype(0), Dims{(*input)[0], (*input)[1], {1, ""}, {1, ""}}}};
}

}  // namespace

extern const OpDef kAveragePool{
    .op = "AveragePool",
    .summary = "mean of a moving window",
    .attributes = {{"auto_pad", AttributeKind::kString, std::string("NOTSET")},
                   {"ceil_mode", AttributeKind::kInt, std::int64_t{0}},
                   {"count_include_pad", AttributeKind::kInt, std::int64_t{0}},
                   {"kernel_shape", AttributeKind::kInts, std::nullopt, true},
                   {"pads", AttributeKind::kInts, std::nullopt},
                   {"strides", AttributeKind::kInts, std::nullopt}},
    .infer = infer_pool,
};

extern const OpDef kGlobalAveragePool{
    .op = "GlobalAveragePool",
    .summary = "mean over height and width",
    .infer = infer_global_pool,
};

extern const OpDef kGlobalMaxPool{
    .op = "GlobalMaxPool",
    .summary = "largest over height and width",
    .role = QuantRole::kPreserving,
    .infer = infer_global_pool,
};

extern const OpDef kMaxPool{
    .op = "MaxPool",
    .summary = "largest of a moving window",
    .role = QuantRole::kPreserving,
    .max_outputs = 2,
    .attributes = {{"auto_pad", AttributeKind::kString, std::string("NOTSET")},
                   {"ceil_mode", AttributeKind::kInt, std::int64_t{0}},
                   {"dilations", AttributeKind::kInts, std::nullopt},
                   {"kernel_shape", AttributeKind::kInts, std::nullopt, true},
                   {"pads", AttributeKind::kInts, std::nullopt},
                   {"storage_order", AttributeKind::kInt, std::int64_t{0}},
                   {"strides", AttributeKind::kInts, std::nullopt}},
    .infer = infer_pool,
};

}  // namespace quern
