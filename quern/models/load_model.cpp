#include "quern/models/load_model.h"

#include "quern/base/error.h"
#include "quern/importers/import_model.h"
#include "quern/models/foreign_formats.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

std::vector<Value> input_values(const Graph& graph) {
  std::vector<Value> values;
  for (const ValueId id : graph.inputs()) values.push_back(graph.value(id));
  return values;
}

}  // namespace

LoadedModel load_model(const std::string& source, const ZooOptions& zoo) {
  LoadedModel loaded;
  if (const auto name = zoo_name(source)) {
    loaded.graph = make_network(*name, zoo);
  } else {
    refuse_foreign(source);
    ImportReport report;
    loaded.graph = import_model(source, &report);
    loaded.warnings = std::move(report.warnings);
  }
  const std::vector<Value> inputs = input_values(loaded.graph);
  with_context(source, [&] { canonicalize(loaded.graph); });
  for (const Value& input : inputs) {
    const Value& now = loaded.graph.value(input.id);
    if (!input.dims || !now.dims || *input.dims == *now.dims) continue;
    loaded.notes.push_back(fmt::format("input '{}' is {} here, {} in the file: channels come first",
                                       input.name, to_string(*now.dims), to_string(*input.dims)));
  }
  return loaded;
}

}  // namespace quern
