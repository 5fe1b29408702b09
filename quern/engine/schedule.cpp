#include "quern/engine/schedule.h"

#include <algorithm>
#include <variant>

namespace quern {
namespace {

std::int32_t height_of(const IntModel& model, TensorIndex tensor) {
  return model.tensors[static_cast<std::size_t>(tensor)].height;
}

/// What a window reads, padding left out.
RowRange rows_of_window(const QuernWindow& window, RowRange output, std::int32_t height) {
  const std::int32_t first = output.begin * window.stride_height - window.top;
  const std::int32_t last = (output.end - 1) * window.stride_height - window.top +
                            (window.height - 1) * window.dilation_height;
  return {std::max(first, 0), std::min(last + 1, height)};
}

struct RowsRead {
  const IntModel& model;
  const IntOp& op;
  std::size_t position;
  RowRange output;

  std::int32_t height() const { return height_of(model, op.inputs[position]); }

  RowRange operator()(const IntConv& conv) const {
    return rows_of_window(conv.window, output, height());
  }
  RowRange operator()(const IntMaxPool& pool) const {
    return rows_of_window(pool.window, output, height());
  }
  RowRange operator()(const IntAveragePool& pool) const {
    return rows_of_window(pool.window, output, height());
  }
  RowRange operator()(const IntPad& pad) const {
    return {std::max(output.begin - pad.top, 0), std::min(output.end - pad.top, height())};
  }
  RowRange operator()(const IntResize& resize) const {
    const auto [smallest, largest] =
        std::minmax_element(resize.row.begin() + output.begin, resize.row.begin() + output.end);
    return {*smallest, *largest + 1};
  }
  RowRange operator()(const auto&) const { return output; }  // The same rows.
};

}  // namespace

RowRange rows_read(const IntModel& model, const IntOp& op, std::size_t position, RowRange output) {
  return std::visit(RowsRead{model, op, position, output}, op.kind);
}

std::vector<IntStep> schedule_layers(const IntModel& model) {
  std::vector<IntStep> schedule;
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    schedule.push_back({static_cast<OpIndex>(i), 0, height_of(model, model.ops[i].output)});
  }
  return schedule;
}

}  // namespace quern
