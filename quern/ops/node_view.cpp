#include "quern/ops/node_view.h"

#include <algorithm>

namespace quern {

bool NodeView::has_input(std::size_t index) const {
  return index < node_.inputs.size() && node_.inputs[index];
}

const Value& NodeView::input(std::size_t index) const {
  check(has_input(index), "{} lacks input {}", op(), index);
  return graph_.value(node_.inputs[index]);
}

bool NodeView::has_output(std::size_t index) const {
  return index < node_.outputs.size() && node_.outputs[index];
}

std::size_t NodeView::axis(std::int64_t position, std::size_t rank) const {
  const auto count = static_cast<std::int64_t>(rank);
  check(position >= -count && position < count, "{} names axis {} of a value with {} axes", op(),
        position, rank);
  return static_cast<std::size_t>(position < 0 ? position + count : position);
}

const Attribute* NodeView::lookup(std::string_view key) const {
  const auto given = node_.attributes.find(std::string(key));
  if (given != node_.attributes.end()) return &given->second;
  const OpDef* def = find_op(node_.op);
  if (def == nullptr) return nullptr;
  const auto known = std::ranges::find(def->attributes, key, &AttributeDef::name);
  if (known == def->attributes.end() || !known->fallback) return nullptr;
  return &*known->fallback;
}

}  // namespace quern
