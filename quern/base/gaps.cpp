#include "quern/base/gaps.h"

#include <iterator>

namespace quern {

Gaps::Gaps(std::size_t size) : room_(size) {
  if (size > 0) sizes_[0] = size;
}

std::optional<std::size_t> Gaps::take(std::size_t size) {
  if (size == 0) return 0;
  for (auto gap = sizes_.begin(); gap != sizes_.end(); ++gap) {
    const auto [begin, free] = *gap;
    if (free < size) continue;
    sizes_.erase(gap);
    if (free > size) sizes_[begin + size] = free - size;
    room_ -= size;
    return begin;
  }
  return std::nullopt;
}

void Gaps::give_back(std::size_t begin, std::size_t size) {
  if (size == 0) return;
  room_ += size;
  auto gap = sizes_.emplace(begin, size).first;
  const auto next = std::next(gap);
  if (next != sizes_.end() && begin + size == next->first) {
    gap->second += next->second;
    sizes_.erase(next);
  }
  if (gap == sizes_.begin()) return;
  const auto previous = std::prev(gap);
  if (previous->first + previous->second != begin) return;
  previous->second += gap->second;
  sizes_.erase(gap);
}

}  // namespace quern
