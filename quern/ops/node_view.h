#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "quern/base/error.h"
#include "quern/graph/graph.h"
#include "quern/ops/op_def.h"

namespace quern {

/// A node read through its op's definition: omitted inputs, attribute defaults and errors that name
/// the layer. Refers to graph and node; valid while neither is edited.
class NodeView {
 public:
  NodeView(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return node_; }
  std::string_view op() const { return node_.op; }

  /// False where input `index` is absent or omitted.
  bool has_input(std::size_t index) const;
  /// @throws Error(kParse) if the input is omitted.
  const Value& input(std::size_t index) const;
  DType dtype(std::size_t index) const { return input(index).dtype; }
  const std::optional<Dims>& dims(std::size_t index) const { return input(index).dims; }

  /// Whether the node has output `index` and gives it a name, that is, somebody may read it.
  bool has_output(std::size_t index) const;

  /// The node's attribute or the definition's default. @throws Error(kParse) naming layer and
  /// attribute if there is neither or it has another type.
  template <class T>
  const T& attribute(std::string_view key) const;

  /// The same; null where there is neither.
  template <class T>
  const T* find_attribute(std::string_view key) const;

  /// A position counted from the back when negative, as the index of one of `rank` axes.
  /// @throws Error(kParse) if it is outside.
  std::size_t axis(std::int64_t position, std::size_t rank) const;

  /// Throws an Error that starts with "layer 'x': ".
  template <class... Args>
  [[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> message,
                         Args&&... args) const {
    throw Error(code, fmt::format(message, std::forward<Args>(args)...))
        .with_context(fmt::format("layer '{}'", node_.layer));
  }

  /// Throws kParse unless `condition` holds: the file is wrong.
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) fail(ErrorCode::kParse, message, std::forward<Args>(args)...);
  }

  /// Throws kUnsupported unless `condition` holds: the file is right and quern lacks it.
  template <class... Args>
  void check_supported(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition) fail(ErrorCode::kUnsupported, message, std::forward<Args>(args)...);
  }

 private:
  /// The node's attribute, the definition's default, or null.
  const Attribute* lookup(std::string_view key) const;

  const Graph& graph_;
  const Node& node_;
};

template <class T>
const T* NodeView::find_attribute(std::string_view key) const {
  const Attribute* found = lookup(key);
  if (found == nullptr) return nullptr;
  const T* typed = std::get_if<T>(found);
  check(typed != nullptr, "the attribute '{}' of {} has a wrong type", key, op());
  return typed;
}

template <class T>
const T& NodeView::attribute(std::string_view key) const {
  const T* found = find_attribute<T>(key);
  check(found != nullptr, "{} lacks its attribute '{}'", op(), key);
  return *found;
}

}  // namespace quern
