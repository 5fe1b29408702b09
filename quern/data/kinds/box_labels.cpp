#include "quern/data/kinds/box_labels.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/data/internal/text_lines.h"

namespace quern {
namespace {

/// Labels are written with as few as five decimals.
constexpr double kRounding = 1e-5;

constexpr std::size_t kFields = 5;
constexpr std::string_view kExpected = "expected `class x y width height`";

template <class T>
T parse_number(std::string_view text, const char* what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  if (!is_whole || !std::isfinite(static_cast<double>(value))) {
    fail(ErrorCode::kParse, "'{}' is no {}; {}", text, what, kExpected);
  }
  return value;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (line = trim(line); !line.empty(); line = trim(line)) {
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return fields;
}

void add_line(std::string_view line, const std::vector<std::string>& classes, BoxLabels& labels) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() != kFields) {
    fail(ErrorCode::kParse, "{} fields; {}", fields.size(), kExpected);
  }
  const auto id = parse_number<std::int64_t>(fields[0], "class");
  if (id < 0 || std::cmp_greater_equal(id, classes.size())) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      known.push_back(fmt::format("{} ({})", i, classes[i]));
    }
    fail(ErrorCode::kParse, "the label {} is out of range; expected {}", id,
         fmt::join(known, " or "));
  }
  std::array<double, kFields - 1> box{};
  for (std::size_t i = 0; i < box.size(); ++i) {
    box[i] = parse_number<double>(fields[i + 1], "number");
  }
  labels.add(static_cast<std::size_t>(id), box[0], box[1], box[2], box[3]);
}

}  // namespace

OddBoxes& OddBoxes::operator+=(const OddBoxes& other) {
  empty += other.empty;
  oversized += other.oversized;
  crossing += other.crossing;
  return *this;
}

std::string OddBoxes::text() const {
  std::vector<std::string> parts;
  if (empty > 0) parts.push_back(fmt::format("{} without an area", empty));
  if (oversized > 0) parts.push_back(fmt::format("{} larger than the picture", oversized));
  if (crossing > 0) parts.push_back(fmt::format("{} across its border", crossing));
  if (parts.empty()) return "";
  return fmt::format("boxes: {}; their class counts all the same", fmt::join(parts, ", "));
}

void BoxLabels::add(std::size_t cls, double x, double y, double width, double height) {
  shown.at(cls) = 1;
  const auto crosses = [](double middle, double extent) {
    return middle - extent / 2 < -kRounding || middle + extent / 2 > 1 + kRounding;
  };
  if (width <= 0 || height <= 0) {
    odd.empty += 1;
  } else if (width > 1 + kRounding || height > 1 + kRounding) {
    odd.oversized += 1;
  } else if (crosses(x, width) || crosses(y, height)) {
    odd.crossing += 1;
  }
}

BoxLabels read_yolo_labels(const std::filesystem::path& path,
                           const std::vector<std::string>& classes) {
  BoxLabels labels(classes.size());
  for_each_line(read_text(path), [&](int number, std::string_view line) {
    if (line.empty()) return;
    with_context(fmt::format("{}:{}", path.string(), number),
                 [&] { add_line(line, classes, labels); });
  });
  return labels;
}

}  // namespace quern
