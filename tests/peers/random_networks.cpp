// usage: random_networks FOLDER
//
// Writes random quantized networks for other programs to read and for the fuzzer to start from:
// own_N.onnx as quern exports it, foreign_N.onnx without node names and metadata and in an operator
// set of 7 to 21, which most of them break somewhere.
#include <filesystem>

#include "onnx/onnx.pb.h"
#include "quern/base/file.h"
#include "quern/exporters/qonnx.h"
#include "tests/support/random_graph.h"

namespace {

constexpr int kNetworks = 60;

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
  for (int number = 0; number < kNetworks; ++number) {
    const auto bytes =
        quern::to_qonnx(quern::test::random_graph(static_cast<std::uint64_t>(number)));
    quern::write_file(folder / fmt::format("own_{}.onnx", number), bytes);
    quern::write_file(folder / fmt::format("foreign_{}.onnx", number),
                      without_metadata(bytes, 7 + number % 15));
  }
}
