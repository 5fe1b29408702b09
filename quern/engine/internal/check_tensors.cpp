#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "quern/engine/internal/check.h"
#include "quern/engine/internal/demand.h"
#include "quern/engine/memory_plan.h"

namespace quern::internal {
namespace {

constexpr std::int32_t kLargestExtent = UINT16_MAX;
constexpr std::int32_t kLargestZeroPoint = INT16_MAX;

void check_extent(std::int32_t extent, const char* what) {
  demand(extent >= 1 && extent <= kLargestExtent, "its {} is {}, expected 1 to {}", what, extent,
         kLargestExtent);
}

void check_tensor(const IntTensor& tensor) {
  check_extent(tensor.height, "height");
  check_extent(tensor.width, "width");
  check_extent(tensor.channels, "number of channels");
  demand(tensor.bits == 8 || tensor.bits == 4 || tensor.bits == 2 || tensor.bits == 32,
         "it has {} bits, expected 8, 4, 2 or 32", tensor.bits);
  demand(tensor.scale.size() == 1 || std::ssize(tensor.scale) == tensor.channels,
         "it has {} scales for {} channels", tensor.scale.size(), tensor.channels);
  for (const float scale : tensor.scale) {
    demand(std::isfinite(scale) && scale > 0, "it has the scale {}, expected one above 0", scale);
  }
  demand(std::abs(std::int64_t{tensor.zero_point}) <= kLargestZeroPoint,
         "its zero point is {}, expected at most {} from 0", tensor.zero_point, kLargestZeroPoint);
  demand(tensor.bits != 32 || tensor.zero_point == 0,
         "its zero point is {}, expected 0 for 32 bits", tensor.zero_point);
  const std::int64_t pixel_bytes = (std::int64_t{tensor.channels} * tensor.bits + 7) / 8;
  demand(pixel_bytes * tensor.width * tensor.height <= INT32_MAX, "it takes more than {} bytes",
         INT32_MAX);
}

/// Which tensors exist so far in the order of the ops.
class Producers {
 public:
  explicit Producers(const IntModel& model) : model_(model), exists_(model.tensors.size()) {}

  void produce(TensorIndex index) {
    check_index(index);
    demand(!exists_[static_cast<std::size_t>(index)], "tensor {} has two producers", index);
    exists_[static_cast<std::size_t>(index)] = true;
  }

  void read(TensorIndex index) const {
    check_index(index);
    demand(exists_[static_cast<std::size_t>(index)], "tensor {} is read before it is computed",
           index);
  }

  void check_complete() const {
    for (std::size_t i = 0; i < exists_.size(); ++i) {
      demand(exists_[i], "tensor {} is neither an input nor computed by an op", i);
    }
  }

 private:
  void check_index(TensorIndex index) const {
    demand(index >= 0 && index < std::ssize(model_.tensors),
           "tensor {} does not exist, there are {}", index, model_.tensors.size());
  }

  const IntModel& model_;
  std::vector<bool> exists_;
};

}  // namespace

void check_tensors(const IntModel& model) {
  std::set<std::string> names;
  for (const IntTensor& tensor : model.tensors) {
    with_context(fmt::format("tensor '{}'", tensor.name), [&] {
      demand(names.insert(tensor.name).second, "another tensor has the same name");
      check_tensor(tensor);
    });
  }
  Producers producers(model);
  for (const IntInput& input : model.inputs) {
    producers.produce(input.tensor);
    const IntTensor& tensor = model.tensors[static_cast<std::size_t>(input.tensor)];
    demand(tensor.bits != 32 && (input.kind == InputKind::kCodes || tensor.bits == 8),
           "input '{}' has {} bits, expected 8 for pixels and at most 8 for codes", tensor.name,
           tensor.bits);
  }
  for (const IntOp& op : model.ops) {
    for (const TensorIndex input : op.inputs) producers.read(input);
    producers.produce(op.output);
  }
  demand(!model.inputs.empty() && !model.outputs.empty(),
         "the network has {} inputs and {} outputs", model.inputs.size(), model.outputs.size());
  for (const TensorIndex output : model.outputs) producers.read(output);
  producers.check_complete();
}

}  // namespace quern::internal
