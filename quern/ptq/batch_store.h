#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "quern/graph/ids.h"

namespace quern {

/// Bytes of values, batch by batch: in memory up to a bound, in a nameless temporary file beyond.
/// Threads may put and get side by side.
class BatchStore {
 public:
  /// @param memory  Most that is held in memory (unit: bytes).
  explicit BatchStore(std::size_t memory) : memory_(memory) {}
  ~BatchStore();
  BatchStore(const BatchStore&) = delete;
  BatchStore& operator=(const BatchStore&) = delete;

  /// @throws Error(kIo) if the temporary file can not take it.
  void put(ValueId value, std::size_t batch, std::vector<std::byte> bytes);
  /// @throws Error(kInternal) if it was not put; Error(kIo) if the file can not be read.
  std::vector<std::byte> get(ValueId value, std::size_t batch) const;
  /// Forgets all batches of a value.
  void drop(ValueId value);

  /// What is held in memory (unit: bytes).
  std::size_t held() const { return held_; }

 private:
  struct Place {
    std::vector<std::byte> bytes;
    std::int64_t offset = -1;  ///< In the file; −1: in `bytes`.
    std::size_t size = 0;
  };

  void write(Place& place, const std::vector<std::byte>& bytes);

  const std::size_t memory_;
  std::size_t held_ = 0;
  int file_ = -1;
  std::int64_t end_ = 0;  ///< Of the file.
  mutable std::mutex mutex_;
  std::map<std::pair<ValueId, std::size_t>, Place> places_;
};

}  // namespace quern
