#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

/// Which tensor of a layer is asked about.
enum class Role : std::uint8_t { kWeight, kInput, kOutput, kBias };

/// "weight", "input", "output", "bias"
std::string_view name(Role role);
/// @throws Error(kInvalidArgument) for another word, naming the four.
Role role_from(std::string_view name);

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
  std::optional<bool> quantize = {};        ///< False keeps the tensor in float.
  std::optional<int> weight_bits = {};      ///< 1 to 16.
  std::optional<int> activation_bits = {};  ///< Of the output, 1 to 16.

  /// Takes every key that `later` has.
  void merge(const PartialSpec& later);
  bool empty() const { return *this == PartialSpec{}; }
  bool operator==(const PartialSpec&) const = default;
};

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

/// An ordered list of rules, of which the last match decides, key by key. Remembers which rules had
/// an effect and which layers were asked for, so that a rule that never applies is an error.
class RuleSet {
 public:
  /// @param function  Asked after the rules, so its keys win; may be empty.
  /// @throws Error(kInvalidArgument) naming the rule by its number from 1: bits outside 1 to 16,
  ///         nothing to decide, or bits that do not belong to its role.
  explicit RuleSet(std::vector<Rule> rules, RuleFunction function = {});

  /// What the rules decide for one tensor: `quantize`; `weight_bits` of a weight; `activation_bits`
  /// of an output, and of an input where a rule names that role.
  /// @throws Error(kInvalidArgument) naming the layer if `function` answers bits outside 1 to 16.
  PartialSpec spec(const RuleSubject& subject, Role role);

  /// @throws Error(kInvalidArgument) naming the first rule that had no effect and the asked layer
  ///         whose name is nearest to it.
  void require_all_used() const;

 private:
  std::vector<Rule> rules_;
  RuleFunction function_;
  std::vector<bool> used_;
  std::set<std::string> layers_;
};

/// @throws Error(kInvalidArgument) "owner: key must be 1 to 16, got bits".
void check_bits(int bits, std::string_view key, std::string_view owner);

}  // namespace quern
