#pragma once

#include <cstddef>
#include <map>
#include <optional>

namespace quern {

/// The free parts of a range of positions, of which pieces are taken and given back: always the
/// first that is large enough, and what lies side by side is one part again, so that a range in
/// which large pieces come and go does not fall apart.
class Gaps {
 public:
  /// All of [0, size) is free.
  explicit Gaps(std::size_t size);

  /// Where the taken piece begins; nothing where no free part is large enough.
  std::optional<std::size_t> take(std::size_t size);
  /// A piece as it was taken.
  void give_back(std::size_t begin, std::size_t size);

  /// What is free in all.
  std::size_t room() const { return room_; }

 private:
  std::map<std::size_t, std::size_t> sizes_;  ///< By beginning.
  std::size_t room_;
};

}  // namespace quern
