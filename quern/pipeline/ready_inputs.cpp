#include "quern/pipeline/ready_inputs.h"

#include "quern/base/error.h"
#include "quern/tensor/npz.h"

namespace quern {
namespace {

/// Whether an array can be an input at all; the batch is the array's own.
bool fits(const std::optional<Dims>& dims, const Shape& shape) {
  if (!dims) return true;
  if (dims->size() != shape.size()) return false;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if ((*dims)[i].is_fixed() && (*dims)[i].size != shape[i]) return false;
  }
  return true;
}

}  // namespace

std::vector<Tensor> read_inputs(const std::filesystem::path& npz, const Graph& graph) {
  const StoredTensors arrays = list_npz(npz);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const std::string& name = graph.value(id).name;
    auto found = arrays.find(name);
    if (found == arrays.end() && graph.inputs().size() == 1) found = arrays.find("x");
    if (found == arrays.end()) {
      fail(ErrorCode::kParse, "{}: no array is called '{}', as the network's input is",
           npz.string(), name);
    }
    const Shape& shape = found->second.shape;
    if (shape.empty() || shape[0] == 0) {
      fail(ErrorCode::kParse, "{}: array '{}' of shape {} holds no samples", npz.string(),
           found->first, to_string(shape));
    }
    const std::optional<Dims>& dims = graph.value(id).dims;
    if (!fits(dims, shape)) {
      fail(ErrorCode::kParse, "{}: array '{}' has the shape {}, expected {}", npz.string(),
           found->first, to_string(shape), to_string(*dims));
    }
    if (!inputs.empty() && shape[0] != inputs[0].shape()[0]) {
      fail(ErrorCode::kParse, "{}: array '{}' holds {} samples, expected {}", npz.string(),
           found->first, shape[0], inputs[0].shape()[0]);
    }
    inputs.push_back(found->second.read());
  }
  return inputs;
}

}  // namespace quern
