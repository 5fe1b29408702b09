#include "quern/lower/internal/codes_source.h"

#include "quern/lower/output_stage.h"
#include "quern/lower/refusal.h"

namespace quern::internal {
namespace {

/// acc = code − zero point, of every channel.
IntAffine affine(const OutputStage& stage, const Grid& from, std::size_t channels) {
  IntAffine op{.requantization = stage.requantization};
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t entry = stage.bias.size() == 1 ? 0 : c;
    op.factor.push_back(stage.sign[entry]);
    op.bias.push_back(stage.bias[entry] - stage.sign[entry] * from.stored_zero());
  }
  return op;
}

IntLookup lookup(const Epilogue& epilogue, const Grid& from, const Grid& to, std::size_t channels) {
  IntLookup op;
  const std::size_t tables = epilogue.is_per_channel() ? channels : 1;
  for (std::size_t c = 0; c < tables; ++c) {
    for (std::int32_t code = 0; code < 1 << from.stored_bits(); ++code) {
      op.table.push_back(static_cast<std::uint8_t>(to.code_of(epilogue(from.real(code), c))));
    }
  }
  return op;
}

}  // namespace

TensorIndex CodesSource::emit(Lowering& lowering, const Epilogue& epilogue,
                              const Target& target) const {
  const Graph& graph = lowering.graph;
  const Node& quant = *graph.producer(target.value);
  if (!target.grid) {
    refuse(quant, "an output of the network that is on no grid",
           "a Quant behind it, or what a layer with weights accumulates, can be lowered");
  }
  const Grid from = lowering.grid(tensor_);
  if (epilogue.is_empty() && from == *target.grid) return tensor_;
  const auto channels = static_cast<std::size_t>(extents_.channels);
  IntOp op{.layer = quant.layer, .inputs = {tensor_}};
  const bool is_line = epilogue.line(0).has_value();
  if (epilogue.is_per_channel() && is_line && from.stored_bits() == 8 &&
      lowering.options.fold != Fold::kThresholds) {
    const std::int64_t zero = from.stored_zero();
    const Accumulator codes{.step = {double{from.scale}}, .reach = {{-zero, 255 - zero}}};
    op.kind = affine(output_stage(quant, codes, epilogue, *target.grid, extents_.channels,
                                  /*bias_per_channel=*/true, lowering.options),
                     from, channels);
  } else {
    op.kind = lookup(epilogue, from, *target.grid, channels);
  }
  op.output = lowering.add_tensor(tensor_name(graph, target.value), extents_, *target.grid);
  const TensorIndex output = op.output;
  lowering.add_op(std::move(op));
  return output;
}

}  // namespace quern::internal
