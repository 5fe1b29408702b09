#include "quern/quant/rules.h"

#include <fmt/ranges.h>

#include <algorithm>
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

/// Whether a key of this scope concerns one tensor. `is_named`: the rule names the tensor's role.
bool concerns(KeyScope scope, Role role, bool is_named) {
  switch (scope) {
    case KeyScope::kAny:
      return true;
    case KeyScope::kWeight:
      return role == Role::kWeight;
    case KeyScope::kActivation:
      return role == Role::kOutput || (role == Role::kInput && is_named);
  }
  return false;
}

/// The keys that concern one tensor. `is_measured`: an observer finds its threshold.
PartialSpec concerning(const PartialSpec& spec, Role role, bool is_named, bool is_measured) {
  PartialSpec kept;
  for_each_rule_key([&](std::string_view, KeyScope scope, auto key) {
    if (concerns(scope, role, is_named)) kept.*key = spec.*key;
  });
  if (!is_measured) kept.observer = {}, kept.percentile = {};
  return kept;
}

/// The names of the keys that a spec has.
std::vector<std::string_view> keys_of(const PartialSpec& spec) {
  std::vector<std::string_view> names;
  for_each_rule_key([&](std::string_view name, KeyScope, auto key) {
    if (spec.*key) names.push_back(name);
  });
  return names;
}

/// A spec that has every key.
PartialSpec every_key() {
  PartialSpec spec;
  for_each_rule_key([&](std::string_view, KeyScope, auto key) { (spec.*key).emplace(); });
  return spec;
}

void check_domains(const PartialSpec& spec, const std::string& owner) {
  if (spec.weight_bits) check_bits(*spec.weight_bits, "weight_bits", owner);
  if (spec.activation_bits) check_bits(*spec.activation_bits, "activation_bits", owner);
  if (spec.percentile) check_percentile(*spec.percentile, owner);
  if (spec.weight_percentile) check_weight_percentile(*spec.weight_percentile, owner);
}

void check_rule(const Rule& rule, std::size_t number) {
  const std::string owner = fmt::format("rule {}", number);
  check_domains(rule.spec, owner);
  require(!rule.spec.empty(), "{} ({}) decides nothing, expected one of {}", owner, describe(rule),
          fmt::join(keys_of(every_key()), ", "));
  if (rule.spec.quantize == false) {
    PartialSpec others = rule.spec;
    others.quantize.reset();
    require(others.empty(), "{} ({}): quantize = false leaves nothing that {} could decide", owner,
            describe(rule), fmt::join(keys_of(others), ", "));
  }
  if (!rule.role) return;
  require(!concerning(rule.spec, *rule.role, true, true).empty(),
          "{}: {} does not belong to the role '{}'", owner, keys_of(rule.spec).front(),
          name(*rule.role));
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

std::string_view name(Granularity granularity) {
  return granularity == Granularity::kPerChannel ? "per_channel" : "per_tensor";
}

Granularity granularity_from(std::string_view text) {
  for (const Granularity granularity : {Granularity::kPerTensor, Granularity::kPerChannel}) {
    if (name(granularity) == text) return granularity;
  }
  fail(ErrorCode::kInvalidArgument, "granularity must be per_tensor or per_channel, got '{}'",
       text);
}

void PartialSpec::merge(const PartialSpec& later) {
  for_each_rule_key([&](std::string_view, KeyScope, auto key) {
    if (later.*key) this->*key = later.*key;
  });
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

void check_percentile(double percentile, std::string_view owner) {
  require(percentile >= 99 && percentile <= 100,
          "{}: percentile must be 99 to 100, got {}: what lies above it is kept in memory", owner,
          percentile);
}

void check_weight_percentile(double percentile, std::string_view owner) {
  require(percentile > 0 && percentile <= 100,
          "{}: weight_percentile must be above 0 and at most 100, got {}", owner, percentile);
}

RuleSet::RuleSet(std::vector<Rule> rules, RuleFunction function)
    : rules_(std::move(rules)),
      function_(std::move(function)),
      applied_(rules_.size()),
      has_last_word_(rules_.size()) {
  for (std::size_t i = 0; i < rules_.size(); ++i) check_rule(rules_[i], i + 1);
}

PartialSpec RuleSet::spec(const RuleSubject& subject, Role role, bool is_measured) {
  Asked& asked = asked_[subject.layer];
  asked.subject = subject;
  asked.roles[role] |= is_measured;
  PartialSpec decided;
  std::map<std::string_view, std::size_t> last_word;  // rules, by key
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!rules_[i].matches(subject, role)) continue;
    const PartialSpec keys =
        concerning(rules_[i].spec, role, rules_[i].role.has_value(), is_measured);
    if (keys.empty()) continue;
    if (std::ranges::find(applied_[i], subject.layer) == applied_[i].end()) {
      applied_[i].push_back(subject.layer);
    }
    decided.merge(keys);
    for (const std::string_view key : keys_of(keys)) last_word[key] = i;
  }
  for (const auto& [key, rule] : last_word) has_last_word_[rule] = true;
  if (function_) decided.merge(concerning(function_(subject, role), role, false, is_measured));
  check_domains(decided, fmt::format("layer '{}'", subject.layer));
  return decided;
}

/// Why a rule without effect had none.
std::string RuleSet::obstacle(const Rule& rule) const {
  Rule of_any_role = rule;
  of_any_role.role.reset();
  std::vector<const Asked*> matched;
  std::vector<std::string> known;
  for (const auto& [layer, asked] : asked_) {
    known.push_back(layer);
    if (of_any_role.matches(asked.subject, Role::kWeight)) matched.push_back(&asked);
  }
  if (matched.empty()) {
    if (!rule.layer || known.empty()) return "";
    return fmt::format(" (the nearest layer is '{}')", nearest(*rule.layer, known));
  }
  const Asked& first = *matched.front();
  std::vector<std::string_view> roles;
  PartialSpec possible;
  for (const auto& [role, is_measured] : first.roles) {
    roles.push_back(name(role));
    if (!rule.matches(first.subject, role)) continue;
    possible.merge(concerning(every_key(), role, rule.role.has_value(), is_measured));
  }
  const std::string more =
      matched.size() > 1 ? fmt::format(" and {} more", matched.size() - 1) : "";
  if (possible.empty()) {
    return fmt::format(": of '{}'{} it can decide the {}", first.subject.layer, more,
                       fmt::join(roles, " and "));
  }
  return fmt::format(": it decides {}, but of '{}'{} it can decide {}",
                     fmt::join(keys_of(rule.spec), ", "), first.subject.layer, more,
                     fmt::join(keys_of(possible), ", "));
}

void RuleSet::require_all_used() const {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!applied_[i].empty()) continue;
    fail(ErrorCode::kInvalidArgument, "rule {} ({}) applies to nothing in this network{}", i + 1,
         describe(rules_[i]), obstacle(rules_[i]));
  }
}

std::vector<std::string> RuleSet::notes() const {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    if (!applied_[i].empty() && !has_last_word_[i]) {
      notes.push_back(fmt::format("rule {} ({}) changes nothing: later rules decide all of it",
                                  i + 1, describe(rules_[i])));
    }
    if (rules_[i].role != Role::kInput || rules_[i].layer || applied_[i].size() < 2) continue;
    notes.push_back(
        fmt::format("rule {} ({}) applies to what {} layers read, '{}' first; first = true would "
                    "leave the network's input alone",
                    i + 1, describe(rules_[i]), applied_[i].size(), applied_[i].front()));
  }
  return notes;
}

}  // namespace quern
