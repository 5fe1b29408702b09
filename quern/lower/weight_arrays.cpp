#include "quern/lower/weight_arrays.h"

#include <fmt/format.h>

#include <set>

namespace quern {
namespace {

using Arrays = std::map<std::string, Tensor>;

/// What the arrays of one op are made of.
class OpArrays {
 public:
  OpArrays(const IntModel& model, const IntOp& op, std::string layer, Arrays& arrays)
      : input_(model.tensors[static_cast<std::size_t>(op.inputs.at(0))]),
        layer_(std::move(layer)),
        arrays_(arrays) {
    const IntTensor& output = model.tensors[static_cast<std::size_t>(op.output)];
    add("output_scale", output.scale);
    add("output_zero_point", std::vector<std::int32_t>{output.zero_point});
    std::visit([this](const auto& kind) { add(kind); }, op.kind);
  }

 private:
  template <class T>
  void add(const char* what, const std::vector<T>& values) {
    if (values.empty()) return;
    add(what, values, {std::ssize(values)});
  }

  template <class T>
  void add(const char* what, const std::vector<T>& values, Shape shape) {
    arrays_[layer_ + "." + what] = Tensor::of<T>(std::move(shape), values);
  }

  void add(const Requantization& to) {
    add("multiplier", to.multiplier);
    add("shift", to.shift);
    add("remainder", to.remainder);
    add("highest", to.highest);
    if (to.thresholds.empty()) return;
    const std::int64_t levels = std::int64_t{to.high} - to.low;
    add("thresholds", to.thresholds, {std::ssize(to.thresholds) / levels, levels});
  }

  void add(const IntConv& conv) {
    const std::vector<std::int32_t> weights = unpack_weights(conv.weights);
    add("weight", std::vector<std::int16_t>(weights.begin(), weights.end()),
        {conv.weights.channels, conv.window.height, conv.window.width,
         input_.channels / conv.groups});
    add("weight_scale", conv.weight_scale);
    add("bias", conv.bias);
    add(conv.requantization);
  }

  void add(const IntAveragePool& pool) { add(pool.requantization); }

  void add(const IntAdd& sum) {
    add("factor", std::vector<std::int32_t>{sum.factor_a, sum.factor_b});
    add("bias", std::vector<std::int32_t>{sum.bias});
    add(sum.requantization);
  }

  void add(const IntAffine& affine) {
    add("factor", affine.factor);
    add("bias", affine.bias);
    add(affine.requantization);
  }

  void add(const IntLookup& lookup) {
    const std::int64_t codes = std::int64_t{1} << input_.bits;
    add("table", lookup.table, {std::ssize(lookup.table) / codes, codes});
  }

  void add(const IntMaxPool&) {}
  void add(const IntConcat&) {}
  void add(const IntPad&) {}
  void add(const IntResize&) {}

  const IntTensor& input_;
  std::string layer_;
  Arrays& arrays_;
};

}  // namespace

std::map<std::string, Tensor> weight_arrays(const IntModel& model) {
  Arrays arrays;
  std::set<std::string> layers;
  for (const IntOp& op : model.ops) {
    std::string layer = op.layer;
    for (int i = 2; !layers.insert(layer).second; ++i) layer = fmt::format("{}#{}", op.layer, i);
    OpArrays(model, op, layer, arrays);
  }
  return arrays;
}

}  // namespace quern
