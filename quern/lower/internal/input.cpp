#include "quern/lower/internal/input.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/data/normalize.h"
#include "quern/lower/refusal.h"

namespace quern::internal {
namespace {

constexpr int kPixelValues = 256;

/// Codes that a table makes of pixels.
class PixelSource : public Source {
 public:
  PixelSource(TensorIndex pixels, const Extents& extents, const Preprocessing& how)
      : pixels_(pixels), extents_(extents), values_(how) {}

  Extents extents() const override { return extents_; }

  TensorIndex emit(Lowering& lowering, const Epilogue& epilogue,
                   const Target& target) const override {
    const Node& quant = *lowering.graph.producer(target.value);
    IntLookup lookup;
    for (std::size_t c = 0; c < static_cast<std::size_t>(extents_.channels); ++c) {
      for (const float value : values_.table(c)) {
        lookup.table.push_back(static_cast<std::uint8_t>(target.grid->code_of(epilogue(value, c))));
      }
    }
    const auto first = lookup.table.begin();
    if (std::equal(first + kPixelValues, lookup.table.end(), first)) {
      lookup.table.resize(kPixelValues);
    }
    const TensorIndex output =
        lowering.add_tensor(tensor_name(lowering.graph, target.value), extents_, *target.grid);
    lowering.add_op(
        {.layer = quant.layer, .inputs = {pixels_}, .output = output, .kind = std::move(lookup)});
    return output;
  }

 private:
  TensorIndex pixels_;
  Extents extents_;
  Normalization values_;
};

/// Codes that the caller gives, on the grid of the Quant that reads the input.
class CodeInput : public Source {
 public:
  CodeInput(ValueId input, const Extents& extents) : input_(input), extents_(extents) {}

  Extents extents() const override { return extents_; }

  TensorIndex emit(Lowering& lowering, const Epilogue&, const Target& target) const override {
    const Graph& graph = lowering.graph;
    const auto found = lowering.input_codes.find(input_);
    if (found != lowering.input_codes.end()) {
      if (lowering.grid(found->second) == *target.grid) return found->second;
      refuse(*graph.producer(target.value),
             fmt::format("a second grid on the network's input '{}'", graph.value(input_).name),
             "one grid for all readers can be lowered");
    }
    const TensorIndex tensor =
        lowering.add_tensor(tensor_name(graph, target.value), extents_, *target.grid);
    lowering.input_codes[input_] = tensor;
    return tensor;
  }

 private:
  ValueId input_;
  Extents extents_;
};

bool takes_pixels(const Graph& graph, ValueId input) {
  const Dims& dims = *graph.value(input).dims;
  return graph.preprocessing && dims.size() == 4 && dims[1].size == 3;
}

}  // namespace

void lower_inputs(Lowering& lowering) {
  const Graph& graph = lowering.graph;
  for (const ValueId input : graph.inputs()) {
    const Extents extents = extents_of(graph, input);
    if (!takes_pixels(graph, input)) {
      lowering.set(input, Pending{std::make_shared<CodeInput>(input, extents), {}});
      continue;
    }
    // A pixel is its own value until the table that reads it.
    const Grid pixels{{.bits = 8, .is_signed = false}, 1, 0};
    const TensorIndex tensor = lowering.add_tensor(tensor_name(graph, input), extents, pixels);
    lowering.input_codes[input] = tensor;
    lowering.set(input,
                 Pending{std::make_shared<PixelSource>(tensor, extents, *graph.preprocessing), {}});
  }
}

void finish_inputs(Lowering& lowering) {
  const Graph& graph = lowering.graph;
  for (const ValueId input : graph.inputs()) {
    const auto found = lowering.input_codes.find(input);
    if (found == lowering.input_codes.end()) {
      fail(ErrorCode::kUnsupported,
           "cannot lower the input '{}': it is on no grid; a Quant of at most 8 bits behind it can "
           "be lowered",
           graph.value(input).name);
    }
    IntInput entry{.tensor = found->second};
    if (takes_pixels(graph, input)) {
      entry.kind = InputKind::kPixels;
      entry.bgr = graph.preprocessing->bgr;
    }
    lowering.model.inputs.push_back(entry);
  }
}

}  // namespace quern::internal
