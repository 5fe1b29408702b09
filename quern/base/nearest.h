#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// Insertions, deletions and replacements of one character that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name that takes the fewest edits to reach from `wanted`, the first of equals; empty
/// where none is known. For messages about names that do not exist.
std::string nearest(std::string_view wanted, const std::vector<std::string>& known);

/// " (nearest: 'X')" where X is a likely reading of `wanted`: one begins with the other, or it
/// takes fewer edits than half of the characters. Empty otherwise: a name that far away is another
/// thing.
std::string nearest_hint(std::string_view wanted, std::string_view nearest);

}  // namespace quern
