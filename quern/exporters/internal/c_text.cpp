#include "quern/exporters/internal/c_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>

namespace quern::internal {
namespace {

constexpr std::size_t kColumns = 100;

template <class T>
std::string number(T value) {
  // C has no negative literals: the digits of the smallest int32 alone are none.
  if (std::is_same_v<T, std::int32_t> && value == std::numeric_limits<T>::min()) {
    return "-2147483647 - 1";
  }
  if constexpr (std::is_same_v<T, std::uint32_t>) return fmt::format("{:#x}u", value);
  return fmt::format("{}", value);
}

template <class T>
std::string list_of(const std::vector<T>& values) {
  std::string text = "    ";
  std::size_t column = text.size();
  for (const T value : values) {
    const std::string element = number(value) + ",";
    if (column + 1 + element.size() > kColumns) {
      text += "\n    ";
      column = 4;
    } else if (column > 4) {
      text += ' ';
      ++column;
    }
    text += element;
    column += element.size();
  }
  return text + "\n";
}

}  // namespace

std::string identifier(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  std::string result(name.substr(0, kLongest));
  std::ranges::replace_if(
      result, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return result;
}

std::string list(const std::vector<std::int32_t>& values) { return list_of(values); }
std::string list(const std::vector<std::uint32_t>& values) { return list_of(values); }
std::string list(const std::vector<std::int16_t>& values) { return list_of(values); }
std::string list(const std::vector<std::uint16_t>& values) { return list_of(values); }
std::string list(const std::vector<std::uint8_t>& values) { return list_of(values); }

std::string initializer(const Members& members, int indent) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string text = "{\n";
  for (const auto& [name, value] : members) {
    if (value != "NULL") text += fmt::format("{}    .{} = {},\n", margin, name, value);
  }
  return text + margin + "}";
}

std::string initializer(const QuernTensor& tensor) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}}}", tensor.height, tensor.width, tensor.channels,
                     tensor.bits, tensor.pixel_bytes, tensor.row_bytes, tensor.rows);
}

std::string initializer(const QuernWindow& window) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}", window.height, window.width,
                     window.stride_height, window.stride_width, window.dilation_height,
                     window.dilation_width, window.top, window.left);
}

}  // namespace quern::internal
