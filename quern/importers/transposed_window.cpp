#include "quern/importers/transposed_window.h"

#include <algorithm>
#include <limits>

#include "quern/base/error.h"

namespace quern {

TransposedPadding transposed_padding(const TransposedAxis& axis, bool is_same) {
  constexpr std::int64_t kMost = 1 << 20;
  const auto is_size = [](std::int64_t size) { return size > 0 && size <= kMost; };
  const bool is_output = axis.output > 0 && axis.output <= std::numeric_limits<int>::max();
  if (!is_size(axis.input) || !is_size(axis.kernel) || !is_size(axis.stride) ||
      !is_size(axis.dilation) || !is_output) {
    fail(ErrorCode::kParse,
         "an input of {} with a window of {}, stride {} and dilation {} does not give an extent of "
         "{}",
         axis.input, axis.kernel, axis.stride, axis.dilation, axis.output);
  }
  if (is_same && axis.input != (axis.output - 1) / axis.stride + 1) {
    fail(ErrorCode::kUnsupported,
         "its input has the extent {}, which its output of {} does not shrink to with stride {}",
         axis.input, axis.output, axis.stride);
  }
  const std::int64_t covered =
      (axis.input - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  const std::int64_t cut = std::max<std::int64_t>(0, covered - axis.output);
  const std::int64_t begin = is_same ? cut / 2 : 0;
  return {begin, cut - begin, std::max<std::int64_t>(0, axis.output - covered)};
}

}  // namespace quern
