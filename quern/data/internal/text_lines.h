#pragma once

#include <functional>
#include <string_view>

namespace quern {

/// Hands every line of `text` to `take` with its number from 1, without the blanks around it and
/// the carriage return of Windows; empty lines as well. A byte order mark is skipped.
void for_each_line(std::string_view text,
                   const std::function<void(int number, std::string_view line)>& take);

/// Without blanks at both ends.
std::string_view trim(std::string_view text);

}  // namespace quern
