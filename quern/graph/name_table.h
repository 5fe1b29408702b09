#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quern {

/// Names that are unique within a table of a graph, and what they stand for.
template <class IdType>
class NameTable {
 public:
  /// Enters `wanted`, or `wanted_2`, `wanted_3`, … where that is taken. @return the name entered.
  std::string add(std::string_view wanted, IdType id) {
    std::string name(wanted);
    if (ids_.contains(name)) {
      // Counting on from the last suffix keeps thousands of equal names from a slow search each.
      int& suffix = suffixes_.try_emplace(name, 1).first->second;
      do {
        name = std::string(wanted) + "_" + std::to_string(++suffix);
      } while (ids_.contains(name));
    }
    ids_.emplace(name, id);
    return name;
  }

  /// What `name` stands for from here on, entered before or not.
  void set(const std::string& name, IdType id) { ids_.insert_or_assign(name, id); }

  void erase(const std::string& name) { ids_.erase(name); }

  std::optional<IdType> find(std::string_view name) const {
    const auto found = ids_.find(std::string(name));
    if (found == ids_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::unordered_map<std::string, IdType> ids_;
  std::unordered_map<std::string, int> suffixes_;
};

}  // namespace quern
