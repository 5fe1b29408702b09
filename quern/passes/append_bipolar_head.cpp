// append_bipolar_head: the answer behind every output of logits.
//
//   before:  y = logits
//   after:   y = Quant(logits)      one signed bit, scale 1: exported as BipolarQuant
//
// A Quant that the logits have already stays in front of it: its code 0 stands for logits around 0
// that are no less than 0 once quantized, so the sign of what it gives is what metrics read.
#include "quern/passes/append_bipolar_head.h"

#include "quern/base/error.h"

namespace quern {

PassReport append_bipolar_head(Graph& graph) {
  require(!graph.quantizers().empty(),
          "a bipolar head belongs on a quantized network, this one has no quantizers");
  PassReport report;
  for (const ValueId output : graph.outputs()) {
    const Node* const quant = graph.quant_of(output);
    if (quant != nullptr && graph.quantizer(quant->quantizer).spec.is_bipolar()) continue;
    const Node* const producer = graph.producer(output);
    const std::string layer =
        (producer != nullptr ? producer->layer : graph.value(output).name) + ".bipolar_head";
    const ScaleId scale = graph.add_scale({.name = layer, .values = {1.0F}});
    graph.insert_quant(
        output,
        graph.add_quantizer(
            {.name = layer, .kind = QuantizerKind::kConstant, .spec = {.bits = 1}, .scale = scale}),
        layer);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
