#include "quern/importers/import_model.h"

#include <string>

#include "quern/base/error.h"
#include "quern/importers/onnx.h"
#include "quern/importers/tensorflow_pb.h"
#include "quern/importers/tflite.h"

namespace quern {

const std::vector<ModelFormat>& model_formats() {
  static const std::vector<ModelFormat> kFormats = {
      {".onnx", "ONNX or QONNX",
       [](const std::filesystem::path& path, ImportReport* report) {
         return import_onnx(path, report);
       }},
      {".pb", "frozen TensorFlow graph",
       [](const std::filesystem::path& path, ImportReport* report) {
         return import_tensorflow(path, report);
       }},
      {".tflite", "TFLite",
       [](const std::filesystem::path& path, ImportReport* report) {
         return import_tflite(path, report);
       }},
  };
  return kFormats;
}

Graph import_model(const std::filesystem::path& path, ImportReport* report) {
  std::string known;
  for (const ModelFormat& format : model_formats()) {
    if (path.extension() == format.extension) return format.read(path, report);
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", format.extension, format.name);
  }
  refuse_unfrozen(path);
  fail(ErrorCode::kUnsupported, "'{}' is not a model quern reads: {}, or zoo:NAME", path.string(),
       known);
}

}  // namespace quern
