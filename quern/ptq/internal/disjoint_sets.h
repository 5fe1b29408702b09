#pragma once

#include <cstddef>
#include <vector>

namespace quern::internal {

/// Sets of numbers that only grow together. The smallest member names its set.
class DisjointSets {
 public:
  /// Adds sets of one element each. @return the first of the `count` numbers.
  std::size_t add(std::size_t count) {
    const std::size_t first = parents_.size();
    for (std::size_t i = 0; i < count; ++i) parents_.push_back(first + i);
    return first;
  }

  std::size_t find(std::size_t x) {
    while (parents_[x] != x) x = parents_[x] = parents_[parents_[x]];
    return x;
  }

  void unite(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parents_[a > b ? a : b] = a > b ? b : a;
  }

 private:
  std::vector<std::size_t> parents_;
};

}  // namespace quern::internal
