#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "quern/graph/graph.h"
#include "quern/importers/import_report.h"

namespace quern {

/// Reads a TFLite file, float or quantized: every tensor that is stored as codes becomes a real
/// value behind a Quant with the file's numbers, a bias one with a derived quantizer. Graph inputs
/// and outputs are float32 under the file's names. Images keep the file's layout [N, H, W, C]
/// between the layers, with Transposes around each: `canonicalize` removes them. Shapes are
/// inferred, and verify() passes.
///
/// Where the range of a quantized input tells how pictures were scaled, that is recorded as the
/// network's preprocessing.
///
/// @throws Error(kIo) if the file can not be read, kParse where its content is wrong, kUnsupported
///         naming layer and op.
Graph import_tflite(const std::filesystem::path& path, ImportReport* report = nullptr);

/// The same from bytes; `name` is the file name that messages use.
Graph import_tflite(std::span<const std::byte> bytes, const std::string& name,
                    ImportReport* report = nullptr);

}  // namespace quern
