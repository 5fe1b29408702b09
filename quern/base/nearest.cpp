#include "quern/base/nearest.h"

#include <algorithm>
#include <numeric>

namespace quern {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // row[j]: the distance from the part of `a` read so far to the first j characters of `b`.
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(std::string_view wanted, const std::vector<std::string>& known) {
  const auto best = std::ranges::min_element(
      known, {}, [&](const std::string& name) { return edit_distance(wanted, name); });
  return best == known.end() ? std::string() : *best;
}

std::string nearest_hint(std::string_view wanted, std::string_view nearest) {
  const bool has_same_start = wanted.starts_with(nearest) || nearest.starts_with(wanted);
  const bool is_likely = has_same_start || 2 * edit_distance(wanted, nearest) < wanted.size();
  if (wanted.empty() || nearest.empty() || !is_likely) return "";
  return " (nearest: '" + std::string(nearest) + "')";
}

}  // namespace quern
