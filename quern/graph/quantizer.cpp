#include "quern/graph/quantizer.h"

#include <array>
#include <utility>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::array<std::pair<QuantizerKind, std::string_view>, 6> kKinds = {
    {{QuantizerKind::kCalibrated, "calibrated"},
     {QuantizerKind::kConstant, "constant"},
     {QuantizerKind::kDerived, "derived"},
     {QuantizerKind::kMinMax, "min_max"},
     {QuantizerKind::kLsq, "lsq"},
     {QuantizerKind::kPact, "pact"}}};

}  // namespace

bool is_trainable(QuantizerKind kind) {
  return kind == QuantizerKind::kMinMax || kind == QuantizerKind::kLsq ||
         kind == QuantizerKind::kPact;
}

std::string_view name(QuantizerKind kind) {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return name;
  }
  fail(ErrorCode::kInternal, "quantizer kind {} has no name", static_cast<int>(kind));
}

QuantizerKind quantizer_kind_from(std::string_view name) {
  for (const auto& [value, known] : kKinds) {
    if (known == name) return value;
  }
  fail(ErrorCode::kParse,
       "'{}' is not a quantizer kind (calibrated, constant, derived, min_max, lsq, pact)", name);
}

}  // namespace quern
