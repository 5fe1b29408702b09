#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quern {

/// Bytes of one message, and of one cell of a table.
inline constexpr std::size_t kLongestMessage = 2000;
inline constexpr std::size_t kLongestCell = 200;

/// What a terminal may be given of text that comes from a file: control characters, which could
/// move the cursor or recolour the screen, as "\x1b"; of more than `most` bytes the middle gives
/// way to "…". UTF-8 is kept whole; ordinary text is unchanged.
std::string readable(std::string_view text, std::size_t most = kLongestMessage);

}  // namespace quern
