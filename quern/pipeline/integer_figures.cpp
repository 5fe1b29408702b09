#include "quern/pipeline/integer_figures.h"

#include "quern/base/error.h"
#include "quern/evaluate/integer_network.h"
#include "quern/lower/lower.h"

namespace quern {
namespace {

IntegerNetwork integer_network(const Recipe& recipe, const Graph& network) {
  return with_context(fmt::format("train.integers = '{}'", recipe.train.integers), [&] {
    return IntegerNetwork(lower(network).model, network.preprocessing.value());
  });
}

}  // namespace

void check_integers(const Recipe& recipe, const Graph& start) {
  if (recipe.train.integers == "off") return;
  require(!start.nodes_of("Quant").empty(),
          "train.integers is '{}', and quantize.scheme '{}' trains a float network: expected 'off'",
          recipe.train.integers, recipe.quantize.scheme);
  Graph graph = start;
  for (const ScaleId id : graph.scales()) {
    if (graph.scale(id).values.empty()) graph.scale(id).values = {1};
  }
  integer_network(recipe, graph);
}

ValidationFigures integer_figures(const Recipe& recipe, const Graph& network,
                                  const Validation& validation) {
  return validation.measure(integer_network(recipe, network));
}

}  // namespace quern
