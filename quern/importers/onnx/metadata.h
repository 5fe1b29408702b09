// The "quern" entry of a file's metadata: what a graph knows and QONNX has no place for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Key of the entry in ONNX's metadata_props.
inline constexpr std::string_view kMetadataKey = "quern";

/// A free extent of a graph input that the file holds fixed.
struct FreeExtent {
  std::string input;
  std::int64_t axis = 0;
  std::int64_t written = 0;  ///< The extent in the file.
  std::string symbol;        ///< As Dim::symbol.

  bool operator==(const FreeExtent&) const = default;
};

/// The content of the entry. Ids of `scales` and `quantizers` are positions in these lists.
struct FileMetadata {
  std::string graph_name;
  std::optional<Preprocessing> preprocessing;
  std::int64_t label_offset = 0;  ///< As Graph::label_offset.
  std::vector<FreeExtent> free_extents;
  std::vector<Scale> scales;  ///< Without values where a Quant of the file carries them.
  std::vector<Quantizer> quantizers;
  std::map<std::string, QuantizerId> quants;  ///< The entry of each Quant, by layer.

  bool operator==(const FileMetadata&) const = default;
};

/// Versioned JSON; equal contents give equal text.
/// @throws Error(kInvalidArgument) for a name that is not UTF-8 or a number that is not finite.
std::string to_json(const FileMetadata& metadata);

/// @throws Error(kParse) for another version, or where the text is not what `to_json` writes.
FileMetadata file_metadata_from(const std::string& json);

}  // namespace quern
