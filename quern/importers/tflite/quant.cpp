#include "quern/importers/tflite/quant.h"

#include <algorithm>

#include "quern/base/error.h"

namespace quern {

QuantizerId add_quantizer(Graph& graph, const std::string& stem, QuantSpec codes,
                          const TfliteGrid& grid) {
  for (const std::int32_t zero_point : grid.zero_point) {
    if (zero_point >= codes.qmin() && zero_point <= codes.qmax()) continue;
    fail(ErrorCode::kParse, "its zero point {} is not a code of {} to {}", zero_point, codes.qmin(),
         codes.qmax());
  }
  codes.symmetric = std::ranges::all_of(grid.zero_point, [](auto z) { return z == 0; });
  if (grid.scale.size() > 1) {
    codes.granularity = Granularity::kPerChannel;
    codes.channel_axis = static_cast<int>(grid.axis);
  }
  Quantizer quantizer;
  quantizer.name = stem + "quant";
  quantizer.spec = codes;
  quantizer.scale = graph.add_scale({{}, stem + "scale", grid.scale});
  if (!codes.symmetric) quantizer.zero_point = grid.zero_point;
  return graph.add_quantizer(std::move(quantizer));
}

ValueId add_quant(Graph& graph, ValueId value, QuantizerId quantizer, const std::string& layer) {
  return graph.node(graph.insert_quant(value, quantizer, layer)).outputs[0];
}

}  // namespace quern
