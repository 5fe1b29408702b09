#include "quern/models/load_model.h"

#include "quern/base/error.h"
#include "quern/importers/import_model.h"
#include "quern/passes/passes.h"

namespace quern {

LoadedModel load_model(const std::string& source, const ZooOptions& zoo) {
  LoadedModel loaded;
  if (const auto name = zoo_name(source)) {
    loaded.graph = make_network(*name, zoo);
  } else {
    ImportReport report;
    loaded.graph = import_model(source, &report);
    loaded.warnings = std::move(report.warnings);
  }
  with_context(source, [&] { canonicalize(loaded.graph); });
  return loaded;
}

}  // namespace quern
