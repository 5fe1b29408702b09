#include <algorithm>
#include <optional>

#include "tests/support/int_network.h"

namespace quern::test {
namespace {

/// The formulas, one element of the output at a time.
class Formula {
 public:
  Formula(const IntModel& model, const IntOp& op, const std::vector<Codes>& tensors)
      : model_(model), op_(op), tensors_(tensors) {
    if (const auto* conv = std::get_if<IntConv>(&op.kind)) weights_ = unpack_weights(conv->weights);
  }

  std::int32_t at(std::int32_t y, std::int32_t x, std::int32_t c) const {
    return std::visit([&](const auto& kind) { return element(kind, y, x, c); }, op_.kind);
  }

 private:
  const Codes& input(std::size_t position = 0) const {
    return tensors_[static_cast<std::size_t>(op_.inputs[position])];
  }
  const IntTensor& tensor(TensorIndex index) const {
    return model_.tensors[static_cast<std::size_t>(index)];
  }

  std::optional<std::int32_t> read(std::int32_t y, std::int32_t x, std::int32_t c) const {
    const QuernTensor& in = input().layout;
    if (y < 0 || y >= in.height || x < 0 || x >= in.width) return std::nullopt;
    return input().at(y, x, c);
  }

  std::int32_t code(const Requantization& by, std::size_t entry, std::int32_t sum) const {
    if (by.rounding == kQuernAccumulator) return sum;
    if (by.multiplier.size() == 1) entry = 0;
    const std::int64_t product = std::int64_t{sum} * by.multiplier[entry];
    if (by.rounding == kQuernThresholds) {
      const auto levels = static_cast<std::size_t>(by.high - by.low);
      const auto row = by.thresholds.begin() + static_cast<std::ptrdiff_t>(entry * levels);
      return by.low + static_cast<std::int32_t>(std::count_if(
                          row, row + static_cast<std::ptrdiff_t>(levels),
                          [&](std::int32_t threshold) { return product >= threshold; }));
    }
    const std::int64_t half =
        by.rounding == kQuernNearest ? std::int64_t{1} << (by.shift[entry] - 1) : 0;
    const std::int64_t remainder = by.remainder.empty() ? 0 : by.remainder[entry];
    const std::int64_t high = by.highest.empty() ? by.high : by.highest[entry];
    const std::int64_t scaled = (product + remainder + half) >> by.shift[entry];
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(scaled + tensor(op_.output).zero_point, by.low, high));
  }

  /// Calls `tap(code or nothing, position of the tap)` for a window at (y, x).
  template <class Tap>
  void for_window(const QuernWindow& window, std::int32_t y, std::int32_t x, std::int32_t c,
                  Tap&& tap) const {
    for (std::int32_t i = 0; i < window.height; ++i) {
      for (std::int32_t j = 0; j < window.width; ++j) {
        tap(read(y * window.stride_height + i * window.dilation_height - window.top,
                 x * window.stride_width + j * window.dilation_width - window.left, c),
            i * window.width + j);
      }
    }
  }

  std::int32_t element(const IntConv& conv, std::int32_t y, std::int32_t x, std::int32_t o) const {
    const std::int32_t inputs = tensor(op_.inputs[0]).channels / conv.groups;
    const std::int32_t outputs = tensor(op_.output).channels / conv.groups;
    std::int32_t sum = conv.bias[static_cast<std::size_t>(o)];
    for (std::int32_t c = 0; c < inputs; ++c) {
      for_window(conv.window, y, x, o / outputs * inputs + c,
                 [&](std::optional<std::int32_t> code, std::int32_t tap) {
                   const std::int32_t k = o * conv.weights.depth + tap * inputs + c;
                   sum += weights_[static_cast<std::size_t>(k)] * code.value_or(conv.padding);
                 });
    }
    return code(conv.requantization, static_cast<std::size_t>(o), sum);
  }

  std::int32_t element(const IntMaxPool& pool, std::int32_t y, std::int32_t x,
                       std::int32_t c) const {
    std::int32_t largest = 0;
    for_window(pool.window, y, x, c, [&](std::optional<std::int32_t> code, std::int32_t) {
      largest = std::max(largest, code.value_or(0));
    });
    return largest;
  }

  std::int32_t element(const IntAveragePool& pool, std::int32_t y, std::int32_t x,
                       std::int32_t c) const {
    std::int32_t sum = 0;
    std::size_t inside = 0;
    for_window(pool.window, y, x, c, [&](std::optional<std::int32_t> code, std::int32_t) {
      if (!code) return;
      sum += *code - tensor(op_.inputs[0]).zero_point;
      ++inside;
    });
    return code(pool.requantization, inside - 1, sum);
  }

  std::int32_t element(const IntAdd& add, std::int32_t y, std::int32_t x, std::int32_t c) const {
    return code(
        add.requantization, static_cast<std::size_t>(c),
        input(0).at(y, x, c) * add.factor_a + input(1).at(y, x, c) * add.factor_b + add.bias);
  }

  std::int32_t element(const IntAffine& affine, std::int32_t y, std::int32_t x,
                       std::int32_t c) const {
    const auto channel = static_cast<std::size_t>(c);
    return code(affine.requantization, channel,
                input().at(y, x, c) * affine.factor[channel] + affine.bias[channel]);
  }

  std::int32_t element(const IntLookup& lookup, std::int32_t y, std::int32_t x,
                       std::int32_t c) const {
    const std::int32_t levels = 1 << tensor(op_.inputs[0]).bits;
    const std::int32_t table = std::ssize(lookup.table) > levels ? c : 0;
    return lookup.table[static_cast<std::size_t>(table * levels + input().at(y, x, c))];
  }

  std::int32_t element(const IntConcat&, std::int32_t y, std::int32_t x, std::int32_t c) const {
    std::size_t position = 0;
    while (c >= input(position).layout.channels) c -= input(position++).layout.channels;
    return input(position).at(y, x, c);
  }

  std::int32_t element(const IntPad& pad, std::int32_t y, std::int32_t x, std::int32_t c) const {
    return read(y - pad.top, x - pad.left, c).value_or(pad.value);
  }

  std::int32_t element(const IntResize& resize, std::int32_t y, std::int32_t x,
                       std::int32_t c) const {
    return input().at(resize.row[static_cast<std::size_t>(y)],
                      resize.column[static_cast<std::size_t>(x)], c);
  }

  const IntModel& model_;
  const IntOp& op_;
  const std::vector<Codes>& tensors_;
  std::vector<std::int32_t> weights_;
};

}  // namespace

std::vector<Codes> evaluate_slowly(const IntModel& model, const std::vector<Codes>& inputs) {
  std::vector<Codes> tensors;
  for (const IntTensor& t : model.tensors) {
    tensors.push_back(codes(layout(t.height, t.width, t.channels, t.bits)));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tensors[static_cast<std::size_t>(model.inputs[i].tensor)] = inputs[i];
  }
  for (const IntOp& op : model.ops) {
    const Formula formula(model, op, tensors);
    Codes& output = tensors[static_cast<std::size_t>(op.output)];
    for (std::int32_t y = 0; y < output.layout.height; ++y) {
      for (std::int32_t x = 0; x < output.layout.width; ++x) {
        for (std::int32_t c = 0; c < output.layout.channels; ++c) {
          output.at(y, x, c) = formula.at(y, x, c);
        }
      }
    }
  }
  return tensors;
}

}  // namespace quern::test
