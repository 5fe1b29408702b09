#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

namespace quern {

/// y = clamp(x · multiplier + offset, low, high), in double.
struct Line {
  double multiplier = 1;
  double offset = 0;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  bool operator==(const Line&) const = default;
};

/// What stands between an accumulator and its grid: batch norms, factors and terms per channel,
/// activations, one after the other. Each part is given for all channels, or one per channel.
class Epilogue {
 public:
  /// x · multiplier + offset, rounded twice, or x / multiplier.
  struct Affine {
    std::vector<float> multiplier;
    std::vector<float> offset = {0};
    bool divides = false;
  };
  struct Clip {
    float low;
    float high;
  };
  struct Function {
    std::function<float(float)> compute;
    bool rises = false;  ///< A larger argument never gives a smaller value.
  };

  void append(Affine part) { parts_.emplace_back(std::move(part)); }
  void append(Clip part) { parts_.emplace_back(part); }
  void append(Function part) { parts_.emplace_back(std::move(part)); }

  bool is_empty() const { return parts_.empty(); }
  /// Whether channels differ.
  bool is_per_channel() const;
  /// Whether it never falls, or never rises, in its argument: then a grid behind it cuts the
  /// accumulators into intervals.
  bool is_monotone() const;

  /// The value as a fake-quant run computes it: float32, each operation rounded by itself.
  float operator()(float x, std::size_t channel) const;

  /// The same as one line; none where a function is among the parts.
  std::optional<Line> line(std::size_t channel) const;

 private:
  using Part = std::variant<Affine, Clip, Function>;
  std::vector<Part> parts_;
};

}  // namespace quern
