#include "quern/pipeline/ready_inputs.h"

#include "quern/base/error.h"
#include "quern/tensor/npz.h"

namespace quern {

std::vector<Tensor> read_inputs(const std::filesystem::path& npz, const Graph& graph) {
  const std::map<std::string, Tensor> arrays = read_npz(npz);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const std::string& name = graph.value(id).name;
    auto found = arrays.find(name);
    if (found == arrays.end() && graph.inputs().size() == 1) found = arrays.find("x");
    if (found == arrays.end()) {
      fail(ErrorCode::kParse, "{}: no array is called '{}', as the network's input is",
           npz.string(), name);
    }
    const Shape& shape = found->second.shape();
    if (shape.empty() || shape[0] == 0) {
      fail(ErrorCode::kParse, "{}: array '{}' of shape {} holds no samples", npz.string(),
           found->first, to_string(shape));
    }
    if (!inputs.empty() && shape[0] != inputs[0].shape()[0]) {
      fail(ErrorCode::kParse, "{}: array '{}' holds {} samples, expected {}", npz.string(),
           found->first, shape[0], inputs[0].shape()[0]);
    }
    inputs.push_back(found->second);
  }
  return inputs;
}

}  // namespace quern
