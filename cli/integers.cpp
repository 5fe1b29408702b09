#include "cli/integers.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/engine/model_file.h"

namespace quern::cli {
namespace {

Graph input_of(const IntModel& model, const Provenance& provenance) {
  Graph graph;
  graph.preprocessing = provenance.preprocessing;
  graph.label_offset = provenance.label_offset;
  for (const IntInput& input : model.inputs) {
    const IntTensor& tensor = model.tensors[static_cast<std::size_t>(input.tensor)];
    graph.add_input(tensor.name, DType::kFloat32,
                    {{-1, "N"}, {tensor.channels, ""}, {tensor.height, ""}, {tensor.width, ""}});
  }
  return graph;
}

}  // namespace

bool is_integer_network(const std::string& source) { return source.ends_with(".quern"); }

IntegerFile load_integers(const std::filesystem::path& path) {
  IntegerFile file{.model = read_model(path), .provenance = {}, .input = {}};
  with_context(path.string(), [&] { file.provenance = provenance_of(file.model); });
  file.input = input_of(file.model, file.provenance);
  return file;
}

void add_lower_options(CLI::App& command, LowerOptions& options) {
  command
      .add_option_function<std::string>(
          "--fold", [&options](const std::string& word) { options.fold = fold_from(word); },
          "Where batch norms go: weights; icn: a multiplier and bias per channel; thresholds: "
          "between codes, equal to the float decision (default: icn)")
      ->check(CLI::IsMember({"weights", "icn", "thresholds"}));
  command
      .add_option_function<std::string>(
          "--rounding",
          [&options](const std::string& word) {
            options.rounding = requantize_rounding_from(word);
          },
          "Of products with multipliers: nearest; floor: as ICN was published (default: nearest)")
      ->check(CLI::IsMember({"nearest", "floor"}));
}

}  // namespace quern::cli
