#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// How many elements of a tensor share one scale.
enum class Granularity : std::uint8_t { kPerTensor, kPerChannel };

/// What happens to a real value between two codes.
enum class Rounding : std::uint8_t {
  kHalfEven,  ///< To nearest, ties to the even code: QONNX's ROUND.
  kFloor,     ///< Towards minus infinity.
  kCeil,      ///< Towards plus infinity.
  kToZero,    ///< Towards zero.
};

/// The grid a tensor is asked to live on. A request: it holds no measured numbers.
///
/// Stored codes are `q = clamp(round(x / scale + zero_point), qmin(), qmax())`. The exception is
/// one signed bit, which is bipolar: the codes are −1 and +1, `q = x ≥ 0 ? +1 : −1`.
struct QuantSpec {
  int bits = 8;               ///< Width of one code, 1 to 32 (unit: bits).
  bool is_signed = true;      ///< Two's complement when true, unsigned when false.
  bool symmetric = true;      ///< True forces zero_point = 0.
  bool narrow_range = false;  ///< Signed: drops the most negative code, so that −q is always
                              ///< storable. Unsigned: drops the largest (as QONNX does).
  bool power_of_two = false;  ///< Restricts scales to 2^k, k integer.
  Rounding rounding = Rounding::kHalfEven;
  Granularity granularity = Granularity::kPerTensor;
  int channel_axis = 0;  ///< Axis of the scale vector when kPerChannel.

  bool is_bipolar() const { return bits == 1 && is_signed; }

  std::int64_t qmin() const {
    if (!is_signed) return 0;
    if (is_bipolar()) return -1;
    return -(std::int64_t{1} << (bits - 1)) + (narrow_range ? 1 : 0);
  }
  std::int64_t qmax() const {
    if (is_bipolar()) return 1;
    if (!is_signed) return (std::int64_t{1} << bits) - (narrow_range ? 2 : 1);
    return (std::int64_t{1} << (bits - 1)) - 1;
  }

  /// The code that a threshold stands for: `scale = threshold / threshold_code()`. That is
  /// 2^b − 1 unsigned, 2^(b−1) − 1 signed narrow, 2^(b−1) signed full, 1 bipolar.
  std::int64_t threshold_code() const {
    return is_signed && !narrow_range && !is_bipolar() ? -qmin() : qmax();
  }

  bool operator==(const QuantSpec&) const = default;
};

/// @throws Error(kInvalidArgument) naming `owner` unless 1 ≤ bits ≤ 32 and the fields agree.
void check(const QuantSpec& spec, const std::string& owner);

/// "int4 narrow per_channel", "uint8", "bipolar": how reports name a grid.
std::string to_string(const QuantSpec& spec);

/// QONNX's word: "ROUND", "FLOOR", "CEIL", "DOWN".
std::string_view name(Rounding rounding);
/// @throws Error(kUnsupported) for a word quern does not compute, naming those it does.
Rounding rounding_from(std::string_view name);

/// The grid a tensor got: the numbers that answer a QuantSpec.
///
/// Both vectors have one element (kPerTensor) or `shape[channel_axis]` elements (kPerChannel).
struct QuantParams {
  std::vector<float> scale;              ///< Real value of one step; > 0, finite.
  std::vector<std::int32_t> zero_point;  ///< Code of the real value 0.

  bool operator==(const QuantParams&) const = default;
};

}  // namespace quern
