// run_models FOLDER [MODE]: runs every model NAME.EXTENSION of FOLDER on the arrays of NAME.npz,
// named like its inputs, and writes the outputs, by name, to NAME.out.npz. MODE is
//
//   float      (default) as a float network, as it stands in the file
//   canonical  as a quantized network in canonical form
//
// Where quern refuses a model, NAME.error holds the sentence instead.
#include <algorithm>
#include <filesystem>
#include <string>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/executor/plan.h"
#include "quern/importers/import_model.h"
#include "quern/models/load_model.h"
#include "quern/tensor/npz.h"
#include "quern/tensor/transpose.h"

namespace {

namespace fs = std::filesystem;

using Arrays = std::map<std::string, quern::Tensor>;

/// The array, from [N, H, W, C] to [N, C, H, W] where the graph's input says so.
quern::Tensor in_layout(const quern::Value& input, const quern::Tensor& array) {
  const auto agrees = [](const quern::Dim& dim, std::int64_t extent) {
    return !dim.is_fixed() || dim.size == extent;
  };
  const bool fits = !input.dims || std::ranges::equal(*input.dims, array.shape(), agrees);
  return fits || array.rank() != 4 ? array : quern::transposed(array, {0, 3, 1, 2});
}

Arrays run(const fs::path& model, const std::string& mode) {
  const quern::Graph graph =
      mode == "canonical" ? quern::load_model(model.string()).graph : quern::import_model(model);
  const Arrays arrays = quern::read_npz(fs::path(model).replace_extension(".npz"));
  std::vector<quern::Tensor> inputs;
  for (const quern::ValueId id : graph.inputs()) {
    inputs.push_back(in_layout(graph.value(id), arrays.at(graph.value(id).name)));
  }

  const auto numbers = mode == "float" ? quern::QuantMode::kFloat : quern::QuantMode::kFakeQuant;
  const quern::Plan plan(graph, {.mode = numbers});
  const std::vector<quern::Tensor> results = plan.run(inputs);
  Arrays outputs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    outputs[graph.value(graph.outputs()[i]).name] = results[i];
  }
  return outputs;
}

bool is_model(const fs::path& path) {
  return std::ranges::any_of(quern::model_formats(), [&](const quern::ModelFormat& format) {
    return path.extension() == format.extension;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  const std::string mode = argc > 2 ? argv[2] : "float";
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    fs::path path = entry.path();
    if (!is_model(path)) continue;
    try {
      const Arrays outputs = run(path, mode);
      quern::write_npz(path.replace_extension(".out.npz"), outputs);
    } catch (const quern::Error& error) {
      quern::write_file(path.replace_extension(".error"), std::string_view(error.what()));
    }
  }
}
