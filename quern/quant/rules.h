#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/quant/spec.h"

namespace quern {

/// Which tensor of a layer is asked about.
enum class Role : std::uint8_t { kWeight, kInput, kOutput, kBias };

/// "weight", "input", "output", "bias"
std::string_view name(Role role);
/// @throws Error(kInvalidArgument) for another word, naming the four.
Role role_from(std::string_view name);

/// "per_tensor", "per_channel"
std::string_view name(Granularity granularity);
/// @throws Error(kInvalidArgument) for another word, naming the two.
Granularity granularity_from(std::string_view name);

/// What is known of a layer when its grids are chosen.
struct RuleSubject {
  std::string layer = {};  ///< "features.0.0"; of a graph input, its name.
  std::string op = {};     ///< "Conv"; of a graph input, "Input".
  bool depthwise = false;  ///< A convolution with one input channel per group and several groups.
  std::int64_t groups = 1;
  bool first = false;  ///< The first layer with weights.
  bool last = false;   ///< The last layer with weights.
};

/// The part of a quantization that one rule decides; what is absent is left to earlier rules.
struct PartialSpec {
  std::optional<bool> quantize = {};              ///< False keeps the tensor in float.
  std::optional<int> weight_bits = {};            ///< 1 to 16.
  std::optional<int> activation_bits = {};        ///< Of the output, 1 to 16.
  std::optional<std::string> observer = {};       ///< Of the output.
  std::optional<double> percentile = {};          ///< Of the output, 99 to 100 (unit: percent).
  std::optional<std::string> weight_method = {};  ///< How the weight's scale is found.
  std::optional<double> weight_percentile = {};   ///< Above 0, at most 100 (unit: percent).
  std::optional<Granularity> weight_granularity = {};  ///< One scale, or one per output channel.

  /// Takes every key that `later` has.
  void merge(const PartialSpec& later);
  bool empty() const { return *this == PartialSpec{}; }
  bool operator==(const PartialSpec&) const = default;
};

/// Which tensors a key concerns.
enum class KeyScope : std::uint8_t { kAny, kWeight, kActivation };

/// The one list of the keys of a rule: calls `see(name, scope, member)` for each, `member` a
/// pointer to the optional of PartialSpec.
template <class See>
void for_each_rule_key(const See& see) {
  see("quantize", KeyScope::kAny, &PartialSpec::quantize);
  see("weight_bits", KeyScope::kWeight, &PartialSpec::weight_bits);
  see("activation_bits", KeyScope::kActivation, &PartialSpec::activation_bits);
  see("observer", KeyScope::kActivation, &PartialSpec::observer);
  see("percentile", KeyScope::kActivation, &PartialSpec::percentile);
  see("weight_method", KeyScope::kWeight, &PartialSpec::weight_method);
  see("weight_percentile", KeyScope::kWeight, &PartialSpec::weight_percentile);
  see("weight_granularity", KeyScope::kWeight, &PartialSpec::weight_granularity);
}

/// The widest code that a rule may ask for (unit: bits).
inline constexpr int kMaxRuleBits = 16;

/// A condition on an integer: "= 1", "!= 1", "< 8", "<= 8", "> 1", ">= 2"; "1" means "= 1".
struct Comparison {
  enum class Kind : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
  Kind kind = Kind::kEqual;
  std::int64_t value = 0;

  bool holds(std::int64_t x) const;
  bool operator==(const Comparison&) const = default;
};

/// @throws Error(kInvalidArgument) quoting a text that is no comparison.
Comparison comparison_from(std::string_view text);
std::string to_string(const Comparison& comparison);

/// One line of a rule list: a matcher, whose absent fields match everything, and what it decides.
struct Rule {
  std::optional<std::string> layer = {};  ///< A glob: * is any text, ? any one character.
  std::optional<std::string> op = {};
  std::optional<bool> depthwise = {};
  std::optional<Comparison> groups = {};
  std::optional<bool> first = {};
  std::optional<bool> last = {};
  std::optional<Role> role = {};  ///< Absent: every tensor of the layer.
  PartialSpec spec = {};

  bool matches(const RuleSubject& subject, Role asked) const;
  bool operator==(const Rule&) const = default;
};

/// "layer = 'features.*', depthwise = true": how messages quote a rule's matcher.
std::string describe(const Rule& rule);

/// True where all of `text` fits the glob `pattern`.
bool matches_glob(std::string_view pattern, std::string_view text);

/// A rule list written in C++. Called once per tensor of every layer.
using RuleFunction = std::function<PartialSpec(const RuleSubject&, Role)>;

/// An ordered list of rules, of which the last match decides, key by key. Remembers what each rule
/// had an effect on and what was asked for, so that a rule that never applies is an error.
class RuleSet {
 public:
  /// @param function  Asked after the rules, so its keys win; may be empty.
  /// @throws Error(kInvalidArgument) naming the rule by its number from 1: bits or a percentile
  ///         outside their domain, nothing to decide, keys that do not belong to its role, or
  ///         others beside quantize = false.
  explicit RuleSet(std::vector<Rule> rules, RuleFunction function = {});

  /// What the rules decide for one tensor: `quantize`; the weight_… keys of a weight; the other
  /// keys of an output, and of an input where a rule names that role.
  /// @param is_measured  False where the network gives the threshold: no observer is asked there.
  /// @throws Error(kInvalidArgument) naming the layer if `function` answers bits or a percentile
  ///         outside their domain.
  PartialSpec spec(const RuleSubject& subject, Role role, bool is_measured = true);

  /// @throws Error(kInvalidArgument) naming the first rule that had no effect: the layers that it
  ///         matches and what can be decided of them, or the asked layer whose name is nearest.
  void require_all_used() const;

  /// One sentence for every rule whose keys later rules decide wherever it applies; and for every
  /// rule of inputs that names no layer: what it applied to, since it reads as if it spoke of the
  /// network's input alone.
  std::vector<std::string> notes() const;

 private:
  /// A layer that was asked about, and the tensors: whether their thresholds are measured.
  struct Asked {
    RuleSubject subject;
    std::map<Role, bool> roles;
  };

  std::string obstacle(const Rule& rule) const;

  std::vector<Rule> rules_;
  RuleFunction function_;
  std::vector<std::vector<std::string>> applied_;  ///< Layers, by rule, in the order of asking.
  std::vector<bool> has_last_word_;                ///< By rule: anywhere, of any key.
  std::map<std::string, Asked> asked_;             ///< By layer.
};

/// @throws Error(kInvalidArgument) "owner: key must be 1 to 16, got bits".
void check_bits(int bits, std::string_view key, std::string_view owner);
/// Of activations: @throws Error(kInvalidArgument) unless it is 99 to 100.
void check_percentile(double percentile, std::string_view owner);
/// @throws Error(kInvalidArgument) unless it is above 0 and at most 100.
void check_weight_percentile(double percentile, std::string_view owner);

}  // namespace quern

/// By its name.
template <>
struct fmt::formatter<quern::Granularity> : fmt::formatter<std::string_view> {
  auto format(quern::Granularity granularity, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(quern::name(granularity), context);
  }
};
