#include "quern/lower/provenance.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/importers/onnx/metadata.h"

namespace quern {

// Name, preprocessing and label offset are written as the canonical file writes them.

std::map<std::string, std::string> to_texts(const Provenance& provenance) {
  const FileMetadata metadata{.graph_name = provenance.network,
                              .preprocessing = provenance.preprocessing,
                              .label_offset = provenance.label_offset};
  std::map<std::string, std::string> texts = {
      {"fold", std::string(name(provenance.options.fold))},
      {"rounding", std::string(name(provenance.options.rounding))},
      {std::string(kMetadataKey), to_json(metadata)}};
  for (std::size_t i = 0; i < provenance.outputs.size(); ++i) {
    texts[fmt::format("output {}", i)] = provenance.outputs[i];
  }
  if (!provenance.source.empty()) {
    texts["source"] = provenance.source;
    texts["source_sha256"] = provenance.source_sha256;
  }
  return texts;
}

Provenance provenance_of(const IntModel& model) {
  const auto text = [&](std::string_view key) {
    const auto found = model.provenance.find(std::string(key));
    return found == model.provenance.end() ? std::string() : found->second;
  };
  try {
    const FileMetadata metadata = file_metadata_from(text(kMetadataKey));
    std::vector<std::string> outputs;
    while (model.provenance.contains(fmt::format("output {}", outputs.size()))) {
      outputs.push_back(text(fmt::format("output {}", outputs.size())));
    }
    return {.options = {fold_from(text("fold")), requantize_rounding_from(text("rounding"))},
            .network = metadata.graph_name,
            .preprocessing = metadata.preprocessing,
            .label_offset = metadata.label_offset,
            .outputs = std::move(outputs),
            .source = text("source"),
            .source_sha256 = text("source_sha256")};
  } catch (const Error& error) {
    fail(ErrorCode::kParse, "what the integer network says of its origin: {}", error.what());
  }
}

}  // namespace quern
