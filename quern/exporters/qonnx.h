#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

struct QonnxOptions {
  std::int64_t batch = 1;  ///< Written in place of a free batch extent; 0 keeps it free.
};

/// Writes the canonical file: QONNX (IR 8, opset 17, domain qonnx.custom_op.general 2) plus one
/// versioned metadata entry "quern" with what QONNX has no place for, so that
/// `import_onnx(export_qonnx(g)) == g`. A float graph becomes plain ONNX.
///
/// @throws Error(kInvalidArgument) if a scale is not known; Error(kIo) if the file can not be
///         written, in which case nothing is left behind.
void export_qonnx(const Graph& graph, const std::filesystem::path& path,
                  const QonnxOptions& options = {});

/// The bytes of that file; equal graphs give equal bytes.
std::vector<std::byte> to_qonnx(const Graph& graph, const QonnxOptions& options = {});

}  // namespace quern
