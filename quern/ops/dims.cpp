#include "quern/ops/dims.h"

#include <algorithm>
#include <limits>

namespace quern {

std::int64_t saturating_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

Dim product(std::span<const Dim> dims) {
  Dim result{1, ""};
  for (const Dim& dim : dims) {
    if (result.is_fixed() && result.size == 1) {
      result = dim;
    } else if (result.is_fixed() && dim.is_fixed()) {
      result.size = saturating_multiply(result.size, dim.size);
    } else if (dim.size != 1) {
      result = Dim{};
    }
  }
  return result;
}

std::int64_t least_element_count(std::span<const Dim> dims) {
  std::int64_t count = 1;
  for (const Dim& dim : dims) {
    if (dim.is_fixed()) count = saturating_multiply(count, dim.size);
  }
  return count;
}

std::optional<Dim> unify(const Dim& a, const Dim& b) {
  if (a.is_fixed() && b.is_fixed() && a.size != b.size) return std::nullopt;
  if (a.is_fixed()) return a;
  if (b.is_fixed()) return b;
  return a.symbol.empty() ? b : a;
}

std::optional<Dims> broadcast(const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  const std::size_t offset = longer.size() - shorter.size();
  Dims result = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    Dim& dim = result[offset + i];
    const Dim& other = shorter[i];
    if (other.size == 1) continue;
    if (dim.size == 1) {
      dim = other;
    } else if (dim.is_fixed() || other.is_fixed()) {
      const std::optional<Dim> same = unify(dim, other);
      if (!same) return std::nullopt;
      dim = *same;
    } else if (dim.symbol != other.symbol) {
      dim = Dim{};
    }
  }
  return result;
}

std::string to_string(const std::optional<Dims>& dims) {
  return dims ? to_string(*dims) : "of unknown shape";
}

}  // namespace quern
