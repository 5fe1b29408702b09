#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/importers/import_report.h"

namespace quern {

/// A kind of file that holds a network.
struct ModelFormat {
  std::string_view extension;  ///< ".onnx"
  std::string_view name;       ///< "ONNX or QONNX"
  Graph (*read)(const std::filesystem::path& path, ImportReport* report) = nullptr;
};

/// All that are read.
const std::vector<ModelFormat>& model_formats();

/// Reads a network by its file's extension. Shapes are inferred; what still has to be brought into
/// canonical form is left to `canonicalize`.
/// @throws Error(kUnsupported) naming the formats that are read; errors of the format's reader.
Graph import_model(const std::filesystem::path& path, ImportReport* report = nullptr);

}  // namespace quern
