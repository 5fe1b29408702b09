#include "quern/base/readable.h"

#include <fmt/format.h>

namespace quern {
namespace {

bool continues_character(char c) { return (c & '\xC0') == '\x80'; }

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t head = most * 2 / 3;
  std::size_t tail = text.size() - (most - head);
  while (head > 0 && continues_character(text[head])) --head;
  while (tail < text.size() && continues_character(text[tail])) ++tail;
  return fmt::format("{}…{}", text.substr(0, head), text.substr(tail));
}

}  // namespace

std::string readable(std::string_view text, std::size_t most) {
  std::string escaped;
  const std::string shown = shortened(text, most);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    // U+0080 to U+009F are control characters, too: C2 80 to C2 9F.
    const bool is_wide = byte == 0xC2 && i + 1 < shown.size() &&
                         static_cast<unsigned char>(shown[i + 1]) >= 0x80 &&
                         static_cast<unsigned char>(shown[i + 1]) < 0xA0;
    if (is_wide) {
      escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(shown[++i]));
    } else if (byte < 0x20 || byte == 0x7F) {
      escaped += fmt::format("\\x{:02x}", byte);
    } else {
      escaped += shown[i];
    }
  }
  return escaped;
}

}  // namespace quern
