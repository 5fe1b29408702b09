#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "quern/graph/graph.h"
#include "quern/importers/import_report.h"

namespace quern {

/// Reads an ONNX or QONNX file: opset 7 upwards, translated to kOpset; Quant and BipolarQuant
/// become entries of the quantizer table; a file that quern wrote gives back the graph it was
/// written from. The result is canonical (constants folded, paddings explicit), has shapes inferred
/// and passes verify().
///
/// @throws Error(kIo) if the file can not be read, kParse where its content is wrong, kUnsupported
///         naming layer, op and the nearest that works.
Graph import_onnx(const std::filesystem::path& path, ImportReport* report = nullptr);

/// The same from bytes; `name` is the file name that messages use. External data is refused.
Graph import_onnx(std::span<const std::byte> bytes, const std::string& name,
                  ImportReport* report = nullptr);

}  // namespace quern
