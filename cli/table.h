#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quern::cli {

/// Text in columns, for a terminal. Columns whose cells all start with a digit or a dash are set
/// flush right.
class Table {
 public:
  explicit Table(std::vector<std::string> header);

  /// @param cells  As many as the header has.
  void add(std::vector<std::string> cells);

  /// One line a row, ended by a line feed; no trailing spaces.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "3504872" → "3,504,872"
std::string count_text(std::int64_t count);
/// "1.2 MiB"
std::string bytes_text(std::int64_t bytes);

}  // namespace quern::cli
