#include <fmt/ranges.h>

#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "quern/recipe/keys.h"
#include "quern/recipe/recipe.h"

namespace quern {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string literal(const std::string& value) { return quoted(value); }
std::string literal(bool value) { return value ? "true" : "false"; }
std::string literal(Role value) { return quoted(std::string(name(value))); }
std::string literal(Granularity value) { return quoted(std::string(name(value))); }
std::string literal(const Comparison& value) { return quoted(to_string(value)); }
/// Shortest digits that read back as the same double, with the point TOML wants in a float.
std::string literal(double value) {
  std::string digits = fmt::format("{}", value);
  if (digits.find_first_of(".en") == std::string::npos) digits += ".0";
  return digits;
}
template <class T>
requires std::is_integral_v<T> std::string literal(T value) { return fmt::format("{}", value); }
std::string literal(const std::array<double, 3>& value) {
  return fmt::format("[{}, {}, {}]", literal(value[0]), literal(value[1]), literal(value[2]));
}

template <class T>
std::string literal(const std::vector<T>& value) {
  std::vector<std::string> items;
  for (const T& item : value) items.push_back(literal(item));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

/// Appends keys to TOML text; a table's header is written when its first key is.
class Writer {
 public:
  template <class T>
  void key(const char* name, const T& value) {
    write(name, literal(value));
  }

  template <class T>
  void key(const char* name, const std::optional<T>& value) {
    if (value) write(name, literal(*value));
  }

  template <class Body>
  void table(const std::string& name, const Body& body) {
    const std::string outer = path_;
    path_ = outer.empty() ? name : outer + "." + name;
    header_ = fmt::format("\n[{}]\n", path_);
    body();
    header_.clear();
    path_ = outer;
  }

  template <class Item, class Body>
  void tables(const char* name, std::vector<Item>& items, const Body& body) {
    for (Item& item : items) {
      text_ += fmt::format("\n[[{}.{}]]\n", path_, name);
      body(item);
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  void write(const char* name, const std::string& value) {
    text_ += std::exchange(header_, {});
    text_ += fmt::format("{} = {}\n", name, value);
  }

  std::string text_;
  std::string path_;
  std::string header_;
};

/// Collects keys with their paths; the tables of an array are numbered from 1.
class Lister {
 public:
  template <class T>
  void key(const char* name, const T& value) {
    values_[path_ + name] = literal(value);
  }

  template <class T>
  void key(const char* name, const std::optional<T>& value) {
    if (value) key(name, *value);
  }

  template <class Body>
  void table(const std::string& name, const Body& body) {
    const std::string outer = std::exchange(path_, path_ + name + ".");
    body();
    path_ = outer;
  }

  template <class Item, class Body>
  void tables(const char* name, std::vector<Item>& items, const Body& body) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      table(fmt::format("{} {}", name, i + 1), [&] { body(items[i]); });
    }
  }

  std::map<std::string, std::string> values() && { return std::move(values_); }

 private:
  std::map<std::string, std::string> values_;
  std::string path_;
};

}  // namespace

std::map<std::string, std::string> values_by_key(const Recipe& recipe) {
  Lister lister;
  Recipe copy = recipe;
  describe(lister, copy);
  return std::move(lister).values();
}

std::map<std::string, std::string> changed_values(const Recipe& recipe) {
  std::map<std::string, std::string> changed = values_by_key(recipe);
  for (const auto& [key, value] : values_by_key(Recipe{})) {
    const auto found = changed.find(key);
    if (found != changed.end() && found->second == value) changed.erase(found);
  }
  return changed;
}

std::string to_toml(const Recipe& recipe) {
  Writer writer;
  Recipe copy = recipe;  // describe() serves readers too, so it takes a recipe it may change
  describe(writer, copy);
  return std::move(writer).text();
}

}  // namespace quern
