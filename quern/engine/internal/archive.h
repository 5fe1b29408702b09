#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "quern/engine/internal/demand.h"
#include "quern/engine/internal/fields.h"

namespace quern::internal {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied to and from the file as they lie in memory");

/// Numbers that lie in the file as they lie in memory.
template <class T>
concept Number = std::integral<T> || std::floating_point<T>;

/// Appends fields to bytes. Sizes are uint32 in front of elements.
class Writer {
 public:
  explicit Writer(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <class... Fields>
  void operator()(Fields&... values) {
    (write(values), ...);
  }

 private:
  template <class T>
  void write(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      write_number(static_cast<std::uint8_t>(value));
    } else if constexpr (Number<T>) {
      write_number(value);
    } else {
      fields(*this, const_cast<T&>(value));  // A writer only reads them.
    }
  }

  void write(const std::string& text) { write_numbers(std::span(text)); }

  template <class T>
  void write(const std::vector<T>& values) {
    if constexpr (Number<T>) {
      write_numbers(std::span(values));
    } else {
      write_size(values.size());
      for (const T& value : values) write(value);
    }
  }

  void write(const std::map<std::string, std::string>& texts) {
    write_size(texts.size());
    for (const auto& [key, text] : texts) {
      write(key);
      write(text);
    }
  }

  template <class... Kinds>
  void write(const std::variant<Kinds...>& value) {
    write_number(static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& kind) { write(kind); }, value);
  }

  template <Number T>
  void write_number(T value) {
    append(std::as_bytes(std::span(&value, 1)));
  }

  template <Number T>
  void write_numbers(std::span<const T> values) {
    write_size(values.size());
    append(std::as_bytes(values));
  }

  void write_size(std::size_t size) {
    demand(size <= UINT32_MAX, "a list of {} elements is too long for a file", size);
    write_number(static_cast<std::uint32_t>(size));
  }

  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  std::vector<std::byte>& bytes_;
};

/// Takes fields from the front of bytes; throws Error(kParse) where they end too early.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes), rest_(bytes) {}

  template <class... Fields>
  void operator()(Fields&... values) {
    (read(values), ...);
  }

  std::size_t rest() const { return rest_.size(); }

 private:
  template <class T>
  void read(T& value) {
    if constexpr (Number<T>) {
      copy(std::as_writable_bytes(std::span(&value, 1)));
    } else {
      fields(*this, value);
    }
  }

  void read(bool& value) { value = read_choice(2) == 1; }
  void read(InputKind& kind) { kind = static_cast<InputKind>(read_choice(2)); }
  void read(QuernRounding& rounding) { rounding = static_cast<QuernRounding>(read_choice(4)); }

  void read(std::string& text) { read_numbers(text); }

  template <class T>
  void read(std::vector<T>& values) {
    if constexpr (Number<T>) {
      read_numbers(values);
    } else {
      // Grows as elements are read, so that a size without elements costs nothing.
      values.clear();
      for (std::uint32_t left = read_size(1); left > 0; --left) read(values.emplace_back());
    }
  }

  void read(std::map<std::string, std::string>& texts) {
    for (std::uint32_t left = read_size(1); left > 0; --left) {
      std::string key, text;
      read(key);
      read(text);
      texts.emplace(std::move(key), std::move(text));
    }
  }

  template <class... Kinds>
  void read(std::variant<Kinds...>& value) {
    read_kind(value, read_choice(sizeof...(Kinds)), std::index_sequence_for<Kinds...>());
  }

  template <class Variant, std::size_t... Index>
  void read_kind(Variant& value, std::uint8_t kind, std::index_sequence<Index...>) {
    ((kind == Index ? read(value.template emplace<Index>()) : void()), ...);
  }

  /// A byte below `count`.
  std::uint8_t read_choice(std::size_t count) {
    std::uint8_t choice = 0;
    read(choice);
    demand(choice < count, "byte {} is {}, expected less than {}", position() - 1, choice, count);
    return choice;
  }

  /// A number of elements that the rest of the bytes can hold.
  std::uint32_t read_size(std::size_t element_bytes) {
    std::uint32_t size = 0;
    read(size);
    demand(size <= rest_.size() / element_bytes,
           "{} elements are announced at byte {}, but only {} bytes follow", size, position() - 4,
           rest_.size());
    return size;
  }

  template <class Container>
  void read_numbers(Container& values) {
    values.resize(read_size(sizeof(typename Container::value_type)));
    copy(std::as_writable_bytes(std::span(values)));
  }

  void copy(std::span<std::byte> to) {
    demand(to.size() <= rest_.size(), "it ends at byte {}, where {} more are expected",
           bytes_.size(), to.size() - rest_.size());
    if (!to.empty()) std::memcpy(to.data(), rest_.data(), to.size());
    rest_ = rest_.subspan(to.size());
  }

  std::size_t position() const { return bytes_.size() - rest_.size(); }

  std::span<const std::byte> bytes_;
  std::span<const std::byte> rest_;
};

}  // namespace quern::internal
