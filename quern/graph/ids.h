#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace quern {

/// A position in one of a Graph's tables. Distinct tags are distinct types, so a node can not be
/// used where a value is meant. Stays valid while the graph is edited, until its entry is erased.
template <class Tag>
struct Id {
  std::int32_t index = -1;

  explicit operator bool() const { return index >= 0; }  ///< False for "none".
  auto operator<=>(const Id&) const = default;
};

using NodeId = Id<struct NodeTag>;
using ValueId = Id<struct ValueTag>;
using QuantizerId = Id<struct QuantizerTag>;
using ScaleId = Id<struct ScaleTag>;

}  // namespace quern

template <class Tag>
struct std::hash<quern::Id<Tag>> {
  std::size_t operator()(quern::Id<Tag> id) const noexcept {
    return std::hash<std::int32_t>{}(id.index);
  }
};
