#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace quern {

/// Floats, 0 at first, that begin where a cache line does: so do vectors in them.
class Scratch {
 public:
  explicit Scratch(std::int64_t count)
      : lines_(static_cast<std::size_t>((count + kLine - 1) / kLine)) {}

  float* data() { return lines_.empty() ? nullptr : lines_.front().floats.data(); }
  const float* data() const { return lines_.empty() ? nullptr : lines_.front().floats.data(); }

 private:
  static constexpr std::int64_t kLine = 16;
  struct alignas(kLine * sizeof(float)) Line {
    std::array<float, kLine> floats{};
  };

  std::vector<Line> lines_;
};

}  // namespace quern
