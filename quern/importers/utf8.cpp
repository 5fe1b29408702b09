#include "quern/importers/utf8.h"

#include <array>
#include <cstdint>

#include "quern/base/error.h"

namespace quern {
namespace {

/// Bytes of the sequence that starts with `lead`; 0 if none does.
std::size_t sequence_length(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >> 5 == 0b110) return 2;
  if (lead >> 4 == 0b1110) return 3;
  if (lead >> 3 == 0b11110) return 4;
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  // The least code point that needs 1 … 4 bytes.
  constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  while (!text.empty()) {
    const auto lead = static_cast<std::uint8_t>(text[0]);
    const std::size_t length = sequence_length(lead);
    if (length == 0 || length > text.size()) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<std::uint8_t>(text[i]);
      if (next >> 6 != 0b10) return false;
      point = point << 6 | (next & 63U);
    }
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < kLeast[length] || is_surrogate || point > 0x10ffff) return false;
    text.remove_prefix(length);
  }
  return true;
}

void require_utf8(std::string_view text, std::string_view what) {
  if (!is_utf8(text)) fail(ErrorCode::kParse, "the name of {} is not UTF-8", what);
}

}  // namespace quern
