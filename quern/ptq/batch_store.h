#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "quern/base/gaps.h"

namespace quern {

/// Holds bytes: in one block of memory of a fixed size while they fit, in a nameless temporary file
/// beyond. Large and long-lived as they are, among what a network needs for a moment they would
/// leave the process's memory full of holes. Threads may put and read side by side.
class BatchStore {
 public:
  /// Where bytes lie.
  struct Place {
    std::size_t offset = 0;
    std::size_t size = 0;
    bool in_file = false;
  };

  /// @param memory  Most that is held in memory (unit: bytes).
  /// @throws Error(kIo) if the system does not give that much.
  explicit BatchStore(std::size_t memory);
  ~BatchStore();
  BatchStore(const BatchStore&) = delete;
  BatchStore& operator=(const BatchStore&) = delete;

  /// @throws Error(kIo) if the temporary file can not take them.
  Place put(std::span<const std::byte> bytes);
  /// The bytes, valid until they are dropped or `buffer`, which takes those of the file, changes.
  /// @throws Error(kIo) if the file can not be read.
  std::span<const std::byte> read(const Place& place, std::vector<std::byte>& buffer) const;
  void drop(const Place& place);

  /// Memory that is still free (unit: bytes).
  std::size_t room() const;

 private:
  std::size_t extend_file(std::size_t size);
  void write(const Place& place, std::span<const std::byte> bytes) const;

  std::byte* block_ = nullptr;
  const std::size_t memory_;
  Gaps gaps_;  ///< Of the block.
  int file_ = -1;
  std::size_t end_ = 0;  ///< Of the file.
  mutable std::mutex mutex_;
};

}  // namespace quern
