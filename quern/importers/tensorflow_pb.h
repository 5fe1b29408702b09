#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "quern/graph/graph.h"
#include "quern/importers/import_report.h"

namespace quern {

/// Reads a frozen GraphDef of TensorFlow: a binary .pb file whose variables are constants.
///
/// Nodes become ONNX ops at kOpset in [N, C, H, W], with Transposes wherever the file's layout is
/// another; FakeQuant nodes become entries of the quantizer table. Constants keep their names, and
/// a layer with weights is called after the scope of its weight: "a/conv" for "a/conv/kernel". What
/// training left in the file is ignored with a warning. Where the network has 1001 outputs,
/// `label_offset` is 1: the first is TensorFlow's "background". Shapes are inferred; the result
/// passes verify() and is not canonical yet.
///
/// @throws Error(kIo) if the file can not be read, kParse where its content is wrong, kUnsupported
///         naming layer and op, and how to freeze a file that is not.
Graph import_tensorflow(const std::filesystem::path& path, ImportReport* report = nullptr);

/// The same from bytes; `name` is the file name that messages use.
Graph import_tensorflow(std::span<const std::byte> bytes, const std::string& name,
                        ImportReport* report = nullptr);

/// @throws Error(kUnsupported) saying how to freeze the model, if `path` is what TensorFlow or
/// Keras
///         saves before it is frozen: a SavedModel's folder, a checkpoint, a .keras or .h5 file.
void refuse_unfrozen(const std::filesystem::path& path);

}  // namespace quern
