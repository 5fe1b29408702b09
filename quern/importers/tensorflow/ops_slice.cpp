// Parts of tensors.
#include <limits>

#include "quern/importers/tensorflow/ops.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

/// What a Slice reads; axes that are taken whole are not listed.
struct Ranges {
  Integers starts;
  Integers ends;
  Integers axes;
  Integers steps;

  void add(std::int64_t axis, std::int64_t start, std::int64_t end, std::int64_t step) {
    if (start == 0 && end == kToTheEnd && step == 1) return;
    starts.push_back(start);
    ends.push_back(end);
    axes.push_back(axis);
    steps.push_back(step);
  }
};

Operand sliced(NodeTranslation& node, const Ranges& ranges, bool is_last) {
  if (ranges.axes.empty()) return node.operand(0);
  const std::vector<Operand> inputs = {
      node.operand(0), node.list("starts", ranges.starts), node.list("ends", ranges.ends),
      node.list("axes", ranges.axes), node.list("steps", ranges.steps)};
  return is_last ? node.emit("Slice", inputs) : node.emit_part("slice", "Slice", inputs);
}

/// A begin and a size per axis; −1 reaches to the end.
void translate_slice(NodeTranslation& node) {
  const Integers begins = node.integers(1, "the begin");
  const Integers sizes = node.integers(2, "the size");
  const std::size_t rank = node.dims(node.operand(0)).size();
  node.check(begins.size() == rank && sizes.size() == rank,
             "it has {} begins and {} sizes for {} axes", begins.size(), sizes.size(), rank);
  Ranges ranges;
  for (std::size_t i = 0; i < rank; ++i) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    node.check(begins[i] >= 0 && begins[i] <= kMost && sizes[i] >= -1 && sizes[i] <= kMost,
               "it takes {} elements from element {} on", sizes[i], begins[i]);
    ranges.add(static_cast<std::int64_t>(i), begins[i],
               sizes[i] < 0 ? kToTheEnd : begins[i] + sizes[i], 1);
  }
  node.define(sliced(node, ranges, true));
}

/// Python's a[begin:end:step, …, i, newaxis], spelled out by bit masks over the entries.
class StridedSlice {
 public:
  explicit StridedSlice(NodeTranslation& node)
      : node_(node),
        begins_(node.integers(1, "the begin")),
        ends_(node.integers(2, "the end")),
        steps_(node.integers(3, "the step")) {
    node.check(
        begins_.size() == ends_.size() && begins_.size() == steps_.size() && begins_.size() < 32,
        "it has {} begins, {} ends and {} steps", begins_.size(), ends_.size(), steps_.size());
  }

  void translate() {
    const std::int64_t rank = std::ssize(node_.dims(node_.operand(0)));
    for (std::size_t i = 0; i < begins_.size(); ++i) read_entry(i, rank);
    node_.check(axis_ <= rank, "it indexes {} axes of {}", axis_, rank);
    emit();
  }

 private:
  bool has(const std::string& mask, std::size_t entry) const {
    return (node_.integer(mask, 0) >> entry & 1) != 0;
  }

  /// Axes that an ellipsis at `entry` stands for.
  std::int64_t width_of_ellipsis(std::size_t entry, std::int64_t rank) const {
    std::int64_t later = 0;
    for (std::size_t i = entry + 1; i < begins_.size(); ++i) {
      later += has("new_axis_mask", i) ? 0 : 1;
    }
    const std::int64_t width = rank - axis_ - later;
    node_.check(width >= 0, "it indexes more axes than the {} there are", rank);
    return width;
  }

  void read_entry(std::size_t i, std::int64_t rank) {
    if (has("ellipsis_mask", i)) {
      const std::int64_t width = width_of_ellipsis(i, rank);
      axis_ += width;
      output_axis_ += width;
    } else if (has("new_axis_mask", i)) {
      added_.push_back(output_axis_++);
    } else if (has("shrink_axis_mask", i)) {
      constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
      node_.check(begins_[i] < kMost && begins_[i] > -kMost, "it takes element {}", begins_[i]);
      const std::int64_t end = begins_[i] == -1 ? kToTheEnd : begins_[i] + 1;
      ranges_.add(axis_, begins_[i], end, 1);
      removed_.push_back(axis_++);
    } else {
      const bool is_forward = steps_[i] > 0;
      const std::int64_t start = has("begin_mask", i) ? (is_forward ? 0 : kToTheEnd) : begins_[i];
      const std::int64_t end =
          has("end_mask", i) ? (is_forward ? kToTheEnd : -kToTheEnd) : ends_[i];
      ranges_.add(axis_++, start, end, steps_[i]);
      ++output_axis_;
    }
  }

  void emit() {
    Operand result = sliced(node_, ranges_, removed_.empty() && added_.empty());
    if (!removed_.empty()) {
      const std::vector<Operand> inputs = {result, node_.list("removed", removed_)};
      result = added_.empty() ? node_.emit("Squeeze", inputs)
                              : node_.emit_part("squeeze", "Squeeze", inputs);
    }
    if (!added_.empty()) {
      result = node_.emit("Unsqueeze", {result, node_.list("added", added_)});
    }
    node_.define(result);
  }

  NodeTranslation& node_;
  Integers begins_;
  Integers ends_;
  Integers steps_;
  Ranges ranges_;
  Integers removed_;              ///< Axes of the input that the result lacks.
  Integers added_;                ///< Axes of the result that the input lacks.
  std::int64_t axis_ = 0;         ///< Next axis of the input.
  std::int64_t output_axis_ = 0;  ///< Next axis of the result.
};

void translate_strided_slice(NodeTranslation& node) { StridedSlice(node).translate(); }

std::int64_t axis_of(NodeTranslation& node, std::size_t input, std::size_t rank) {
  const Integers axis = node.integers(input, "the axis");
  const auto count = static_cast<std::int64_t>(rank);
  node.check(axis.size() == 1 && axis[0] >= -count && axis[0] < count,
             "its axis is not one of the {} of its input", rank);
  return axis[0] < 0 ? axis[0] + count : axis[0];
}

void split(NodeTranslation& node, const Operand& whole, std::int64_t axis, const Integers& sizes) {
  node.define(node.emit_outputs("Split", {whole, node.list("sizes", sizes)}, {{"axis", axis}},
                                sizes.size()));
}

/// Into equal parts.
void translate_split(NodeTranslation& node) {
  const Operand whole = node.operand(1);
  const Dims dims = node.dims(whole);
  const std::int64_t axis = axis_of(node, 0, dims.size());
  const Dim& extent = dims[static_cast<std::size_t>(axis)];
  const std::int64_t count = node.integer("num_split", 0);
  node.check_supported(extent.is_fixed(), "it splits an axis of unknown extent");
  node.check(count > 0 && count <= extent.size && extent.size % count == 0,
             "it splits an extent of {} into {} equal parts", extent.size, count);
  split(node, whole, axis, Integers(static_cast<std::size_t>(count), extent.size / count));
}

/// Into parts of given sizes, of which one may be −1: the rest.
void translate_split_v(NodeTranslation& node) {
  const Operand whole = node.operand(0);
  const Dims dims = node.dims(whole);
  Integers sizes = node.integers(1, "the list of sizes");
  const std::int64_t axis = axis_of(node, 2, dims.size());
  const Dim& extent = dims[static_cast<std::size_t>(axis)];
  node.check_supported(extent.is_fixed(), "it splits an axis of unknown extent");
  std::int64_t rest = extent.size;
  for (const std::int64_t size : sizes) {
    node.check(size >= -1 && size <= extent.size, "it splits an extent of {} and takes {}",
               extent.size, size);
    rest -= size < 0 ? 0 : size;
  }
  for (std::int64_t& size : sizes) {
    if (size < 0) size = std::exchange(rest, -1);
    node.check(size >= 0, "it leaves the size of more than one part open");
  }
  node.check(!sizes.empty(), "it splits into no parts");
  split(node, whole, axis, sizes);
}

constexpr Rule kRules[] = {
    {"Slice", translate_slice},
    {"Split", translate_split},
    {"SplitV", translate_split_v},
    {"StridedSlice", translate_strided_slice},
};

}  // namespace

std::span<const Rule> slice_rules() { return kRules; }

}  // namespace quern::tensorflow
