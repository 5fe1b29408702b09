// usage: split_tflite FILE FOLDER
//
// Writes each operator of a TFLite file as a file of its own, NUMBER.tflite, that reads what the
// operator reads and hands out what it computes: so operators can be compared on the same numbers.
#include <filesystem>
#include <string>

#include "quern/base/file.h"
#include "tests/support/tflite_model.h"

namespace {

namespace tflite = quern::tflite;

/// The operator at `number` with everything else of the file but the other operators.
std::vector<std::byte> only(const std::vector<std::byte>& bytes, std::size_t number) {
  quern::test::TfliteFile file;
  tflite::GetModel(bytes.data())->UnPackTo(&file.model);
  tflite::SubGraphT& graph = file.graph();
  graph.inputs.clear();
  std::swap(graph.operators.front(), graph.operators.at(number));
  graph.operators.resize(1);
  for (const int input : graph.operators[0]->inputs) {
    if (input < 0 || !file.model.buffers.at(file.tensor(input).buffer)->data.empty()) continue;
    if (std::ranges::find(graph.inputs, input) == graph.inputs.end()) graph.inputs.push_back(input);
  }
  graph.outputs = graph.operators[0]->outputs;
  return file.bytes();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::vector<std::byte> bytes = quern::read_file(argv[1]);
  const std::filesystem::path folder = argv[2];
  const auto* graph = tflite::GetModel(bytes.data())->subgraphs()->Get(0);
  for (std::size_t number = 0; number < graph->operators()->size(); ++number) {
    quern::write_file(folder / (std::to_string(number) + ".tflite"), only(bytes, number));
  }
}
