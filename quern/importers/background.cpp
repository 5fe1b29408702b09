#include "quern/importers/background.h"

namespace quern {

bool recognize_background(Graph& graph) {
  constexpr std::int64_t kClassesWithBackground = 1001;
  if (graph.outputs().size() != 1) return false;
  const std::optional<Dims>& dims = graph.value(graph.outputs()[0]).dims;
  if (!dims || dims->empty() || dims->back().size != kClassesWithBackground) return false;
  graph.label_offset = 1;
  return true;
}

}  // namespace quern
