#include "quern/quant/spec.h"

#include <array>
#include <utility>

#include "quern/base/error.h"

namespace quern {
namespace {

// The first word of each is written, all are read.
constexpr std::array<std::pair<Rounding, std::string_view>, 6> kRoundings = {
    {{Rounding::kHalfEven, "ROUND"},
     {Rounding::kHalfEven, "HALF_EVEN"},
     {Rounding::kFloor, "FLOOR"},
     {Rounding::kCeil, "CEIL"},
     {Rounding::kToZero, "DOWN"},
     {Rounding::kToZero, "ROUND_TO_ZERO"}}};

}  // namespace

void check(const QuantSpec& spec, const std::string& owner) {
  require(spec.bits >= 1 && spec.bits <= 32, "{}: bits must be 1 to 32, got {}", owner, spec.bits);
  require(spec.channel_axis >= 0, "{}: channel_axis must be 0 or more, got {}", owner,
          spec.channel_axis);
  require(spec.bits > 1 || spec.is_signed || !spec.narrow_range,
          "{}: one unsigned narrow bit leaves a single code", owner);
}

std::string to_string(const QuantSpec& spec) {
  std::string text =
      spec.is_bipolar() ? "bipolar" : fmt::format("{}int{}", spec.is_signed ? "" : "u", spec.bits);
  if (spec.narrow_range && !spec.is_bipolar()) text += " narrow";
  if (!spec.symmetric) text += " asymmetric";
  if (spec.granularity == Granularity::kPerChannel) text += " per_channel";
  return text;
}

std::string_view name(Rounding rounding) {
  for (const auto& [value, name] : kRoundings) {
    if (value == rounding) return name;
  }
  fail(ErrorCode::kInternal, "rounding {} has no name", static_cast<int>(rounding));
}

Rounding rounding_from(std::string_view name) {
  for (const auto& [value, known] : kRoundings) {
    if (known == name) return value;
  }
  fail(ErrorCode::kUnsupported,
       "rounding_mode '{}' is not computed (known: ROUND, FLOOR, CEIL, DOWN)", name);
}

}  // namespace quern
