#include "quern/models/load_model.h"

#include <filesystem>

#include "quern/base/error.h"
#include "quern/importers/onnx.h"
#include "quern/passes/passes.h"

namespace quern {

LoadedModel load_model(const std::string& source, const ZooOptions& zoo) {
  constexpr std::string_view kZooPrefix = "zoo:";
  LoadedModel loaded;
  if (source.starts_with(kZooPrefix)) {
    loaded.graph = make_network(source.substr(kZooPrefix.size()), zoo);
  } else if (std::filesystem::path(source).extension() == ".onnx") {
    ImportReport report;
    loaded.graph = import_onnx(source, &report);
    loaded.warnings = std::move(report.warnings);
  } else {
    fail(ErrorCode::kUnsupported, "'{}' is not a model quern reads (an .onnx file, or zoo:NAME)",
         source);
  }
  with_context(source, [&] { canonicalize(loaded.graph); });
  return loaded;
}

}  // namespace quern
