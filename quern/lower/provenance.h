#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/graph/graph.h"
#include "quern/lower/lower.h"

namespace quern {

/// What an integer network remembers of what it was made of: enough to feed it pictures, and to
/// find the quantized graph again that it is verified against.
struct Provenance {
  LowerOptions options;
  std::string network;  ///< Graph::name.
  std::optional<Preprocessing> preprocessing;
  std::int64_t label_offset = 0;     ///< As Graph::label_offset.
  std::vector<std::string> outputs;  ///< Names of the graph's outputs, in the model's order.
  std::string source;  ///< The graph's file, seen from the folder of the .quern file; may be empty.
  std::string source_sha256;

  bool operator==(const Provenance&) const = default;
};

/// The texts of IntModel::provenance.
std::map<std::string, std::string> to_texts(const Provenance& provenance);

/// @throws Error(kParse) where the texts are not what `to_texts` writes.
Provenance provenance_of(const IntModel& model);

}  // namespace quern
