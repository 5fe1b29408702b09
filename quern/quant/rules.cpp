#include "quern/quant/rules.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 4> kRoles = {{{Role::kWeight, "weight"},
                                                                      {Role::kInput, "input"},
                                                                      {Role::kOutput, "output"},
                                                                      {Role::kBias, "bias"}}};

using Kind = Comparison::Kind;

// Longer signs first: "<=" starts with "<".
constexpr std::array<std::pair<Kind, std::string_view>, 7> kSigns = {{{Kind::kNotEqual, "!="},
                                                                      {Kind::kLessEqual, "<="},
                                                                      {Kind::kGreaterEqual, ">="},
                                                                      {Kind::kEqual, "=="},
                                                                      {Kind::kEqual, "="},
                                                                      {Kind::kLess, "<"},
                                                                      {Kind::kGreater, ">"}}};

template <class T>
bool matches_field(const std::optional<T>& wanted, const T& found) {
  return !wanted || *wanted == found;
}

/// The keys that concern one tensor. `is_named`: the rule names the tensor's role.
PartialSpec concerning(const PartialSpec& spec, Role role, bool is_named) {
  PartialSpec kept;
  kept.quantize = spec.quantize;
  if (role == Role::kWeight) kept.weight_bits = spec.weight_bits;
  if (role == Role::kOutput || (role == Role::kInput && is_named)) {
    kept.activation_bits = spec.activation_bits;
  }
  return kept;
}

void check_rule(const Rule& rule, std::size_t number) {
  const std::string owner = fmt::format("rule {}", number);
  if (rule.spec.weight_bits) check_bits(*rule.spec.weight_bits, "weight_bits", owner);
  if (rule.spec.activation_bits) check_bits(*rule.spec.activation_bits, "activation_bits", owner);
  require(!rule.spec.empty(),
          "{} ({}) decides nothing, expected weight_bits, activation_bits or quantize", owner,
          describe(rule));
  if (!rule.role) return;
  require(!concerning(rule.spec, *rule.role, true).empty(),
          "{}: {} does not belong to the role '{}'", owner,
          rule.spec.weight_bits ? "weight_bits" : "activation_bits", name(*rule.role));
}

}  // namespace

std::string_view name(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  fail(ErrorCode::kInternal, "role {} has no name", static_cast<int>(role));
}

Role role_from(std::string_view name) {
  for (const auto& [value, known] : kRoles) {
    if (known == name) return value;
  }
  fail(ErrorCode::kInvalidArgument, "role must be weight, input, output or bias, got '{}'", name);
}

void PartialSpec::merge(const PartialSpec& later) {
  if (later.quantize) quantize = later.quantize;
  if (later.weight_bits) weight_bits = later.weight_bits;
  if (later.activation_bits) activation_bits = later.activation_bits;
}

bool Comparison::holds(std::int64_t x) const {
  switch (kind) {
    case Kind::kEqual:
      return x == value;
    case Kind::kNotEqual:
      return x != value;
    case Kind::kLess:
      return x < value;
    case Kind::kLessEqual:
      return x <= value;
    case Kind::kGreater:
      return x > value;
    case Kind::kGreaterEqual:
      return x >= value;
  }
  return false;
}

Comparison comparison_from(std::string_view text) {
  Comparison comparison;
  std::string_view rest = text;
  const auto skip_spaces = [&] {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  };
  skip_spaces();
  for (const auto& [kind, sign] : kSigns) {
    if (!rest.starts_with(sign)) continue;
    comparison.kind = kind;
    rest.remove_prefix(sign.size());
    break;
  }
  skip_spaces();
  const char* end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, comparison.value);
  require(error == std::errc() && stop == end,
          "'{}' is no comparison, expected a number after =, !=, <, <=, > or >=", text);
  return comparison;
}

std::string to_string(const Comparison& comparison) {
  for (const auto& [kind, sign] : kSigns) {
    if (kind == comparison.kind && sign != "==")
      return fmt::format("{} {}", sign, comparison.value);
  }
  fail(ErrorCode::kInternal, "comparison {} has no sign", static_cast<int>(comparison.kind));
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  // On a mismatch the last * takes one character more; earlier ones never need to.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Rule::matches(const RuleSubject& subject, Role asked) const {
  return (!layer || matches_glob(*layer, subject.layer)) && matches_field(op, subject.op) &&
         matches_field(depthwise, subject.depthwise) &&
         (!groups || groups->holds(subject.groups)) && matches_field(first, subject.first) &&
         matches_field(last, subject.last) && matches_field(role, asked);
}

std::string describe(const Rule& rule) {
  std::vector<std::string> parts;
  if (rule.layer) parts.push_back(fmt::format("layer = '{}'", *rule.layer));
  if (rule.op) parts.push_back(fmt::format("op = '{}'", *rule.op));
  if (rule.depthwise) parts.push_back(fmt::format("depthwise = {}", *rule.depthwise));
  if (rule.groups) parts.push_back("groups " + to_string(*rule.groups));
  if (rule.first) parts.push_back(fmt::format("first = {}", *rule.first));
  if (rule.last) parts.push_back(fmt::format("last = {}", *rule.last));
  if (rule.role) parts.push_back(fmt::format("role = '{}'", name(*rule.role)));
  return parts.empty() ? "every layer" : fmt::format("{}", fmt::join(parts, ", "));
}

void check_bits(int bits, std::string_view key, std::string_view owner) {
  require(bits >= 1 && bits <= kMaxRuleBits, "{}: {} must be 1 to {}, got {}", owner, key,
          kMaxRuleBits, bits);
}

RuleSet::RuleSet(std::vector<Rule> rules, RuleFunction function)
    : rules_(std::move(rules)), function_(std::move(function)), used_(rules_.size(), false) {
  for (std::size_t i = 0; i < rules_.size(); ++i) check_rule(rules_[i], i + 1);
}

PartialSpec RuleSet::spec(const RuleSubject& subject, Role role) {
  layers_.insert(subject.layer);
  PartialSpec decided;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].matches(subject, role)) continue;
    const PartialSpec keys = concerning(rules_[i].spec, role, rules_[i].role.has_value());
    if (!keys.empty()) used_[i] = true;
    decided.merge(keys);
  }
  if (function_) decided.merge(concerning(function_(subject, role), role, false));
  const std::string owner = fmt::format("layer '{}'", subject.layer);
  if (decided.weight_bits) check_bits(*decided.weight_bits, "weight_bits", owner);
  if (decided.activation_bits) check_bits(*decided.activation_bits, "activation_bits", owner);
  return decided;
}

void RuleSet::require_all_used() const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (used_[i]) continue;
    const std::vector<std::string> known(layers_.begin(), layers_.end());
    const std::string hint =
        rules_[i].layer && !known.empty()
            ? fmt::format(" (the nearest layer is '{}')", nearest(*rules_[i].layer, known))
            : "";
    fail(ErrorCode::kInvalidArgument, "rule {} ({}) applies to nothing in this network{}", i + 1,
         describe(rules_[i]), hint);
  }
}

}  // namespace quern
