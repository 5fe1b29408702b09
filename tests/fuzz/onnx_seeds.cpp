// Writes the first inputs of onnx_fuzz into the folder named on the command line: random quantized
// networks, with quern's metadata and as another tool would have written them.
#include <filesystem>

#include "onnx/onnx.pb.h"
#include "quern/base/file.h"
#include "quern/exporters/qonnx.h"
#include "tests/support/random_graph.h"

namespace {

constexpr int kSeeds = 60;

std::vector<std::byte> without_metadata(const std::vector<std::byte>& bytes, std::int64_t opset) {
  onnx::ModelProto model;
  model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  model.clear_metadata_props();
  model.mutable_opset_import(0)->set_version(opset);
  for (auto& node : *model.mutable_graph()->mutable_node()) node.clear_name();
  std::vector<std::byte> stripped(model.ByteSizeLong());
  model.SerializeToArray(stripped.data(), static_cast<int>(stripped.size()));
  return stripped;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto bytes = quern::to_qonnx(quern::test::random_graph(static_cast<std::uint64_t>(seed)));
    quern::write_file(folder / fmt::format("own_{}", seed), bytes);
    // Opsets 7 to 21: most graphs are refused somewhere, each in another place.
    quern::write_file(folder / fmt::format("foreign_{}", seed),
                      without_metadata(bytes, 7 + seed % 15));
  }
}
