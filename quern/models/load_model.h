#pragma once

#include <string>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/zoo/zoo.h"

namespace quern {

/// A network that is ready for every verb, and what a user should know about it.
struct LoadedModel {
  Graph graph;                        ///< Canonical: see `canonicalize`.
  std::vector<std::string> warnings;  ///< One sentence each.
  std::vector<std::string> notes;     ///< What was changed on the way, one sentence each.
};

/// Reads whatever names a model: "zoo:NAME", built with `zoo`, or a file of one of model_formats().
/// @throws Error(kUnsupported) naming the formats that are read, or how a network gets out of the
///         format that it is; errors of the importer, naming the file.
LoadedModel load_model(const std::string& source, const ZooOptions& zoo = {});

}  // namespace quern
