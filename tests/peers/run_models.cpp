// run_models FOLDER: runs every NAME.onnx of FOLDER on the arrays of NAME.npz, named like its
// inputs, as a float network and writes the outputs, by name, to NAME.out.npz. Where quern refuses
// a model, NAME.error holds the sentence instead.
#include <filesystem>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/executor/plan.h"
#include "quern/importers/onnx.h"
#include "quern/tensor/npz.h"

namespace {

namespace fs = std::filesystem;

std::map<std::string, quern::Tensor> run(const fs::path& model) {
  const quern::Graph graph = quern::import_onnx(model);
  const auto arrays = quern::read_npz(fs::path(model).replace_extension(".npz"));
  std::vector<quern::Tensor> inputs;
  for (const quern::ValueId id : graph.inputs()) inputs.push_back(arrays.at(graph.value(id).name));
  const quern::Plan plan(graph, {.mode = quern::QuantMode::kFloat});
  const std::vector<quern::Tensor> results = plan.run(inputs);
  std::map<std::string, quern::Tensor> outputs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    outputs[graph.value(graph.outputs()[i]).name] = results[i];
  }
  return outputs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    fs::path path = entry.path();
    if (path.extension() != ".onnx") continue;
    try {
      const auto outputs = run(path);
      quern::write_npz(path.replace_extension(".out.npz"), outputs);
    } catch (const quern::Error& error) {
      quern::write_file(path.replace_extension(".error"), std::string_view(error.what()));
    }
  }
}
