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

bool is_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Replaces `stem` where a name begins with it.
std::string renamed(const std::string& text, std::string_view stem, const std::string& by) {
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find(stem); at != std::string::npos; at = text.find(stem, at + 1)) {
    if (at > 0 && is_of_name(text[at - 1])) continue;
    result.append(text, done, at - done).append(by);
    done = at + stem.size();
  }
  return result.append(text, done);
}

/// "door_bell" → "DoorBell"
std::string camel_case(const std::string& name) {
  std::string result;
  bool is_first = true;
  for (const char c : name) {
    if (c != '_') result += is_first ? upper(std::string(1, c)) : std::string(1, c);
    is_first = c == '_';
  }
  return result;
}

}  // namespace

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string with_prefix(const std::string& text, const std::string& prefix) {
  return renamed(renamed(renamed(text, "model_", prefix + "_"), "MODEL_", upper(prefix) + "_"),
                 "ModelTensor", camel_case(prefix) + "Tensor");
}

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
