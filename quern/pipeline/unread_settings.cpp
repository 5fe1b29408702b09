#include "quern/pipeline/unread_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace quern {
namespace {

/// What reads a key of [ptq].
const std::vector<std::pair<std::string, std::vector<std::string>>> kReaders = {
    {"ptq.alpha", {"equalize_activations"}},
    {"ptq.add_mul", {"equalize_activations"}},
    {"ptq.layerwise", {"equalize_activations"}},
    {"ptq.damping", {"gptq"}},
    {"ptq.act_order", {"gptq", "gpfq"}},
    {"ptq.asymmetric", {"gptq"}},
    {"ptq.block_size", {"gptq"}},
    {"ptq.iterations", {"adaround"}}};

constexpr const char* kPercentile = "percentile";

/// Whether a method is the recipe's or that of any rule.
bool is_used(const std::string& method, const std::string& of_recipe, const Recipe& recipe,
             std::optional<std::string> PartialSpec::*of_rule) {
  return of_recipe == method || std::ranges::any_of(recipe.quantize.rules, [&](const Rule& rule) {
           return rule.spec.*of_rule == method;
         });
}

class Unread {
 public:
  explicit Unread(const Recipe& recipe)
      : values_(values_by_key(recipe)), defaults_(values_by_key(Recipe{})) {}

  /// Where the recipe sets `key`: a note that it changes nothing.
  void add(const std::string& key, const std::string& reader) {
    const auto found = values_.find(key);
    const auto standard = defaults_.find(key);
    if (found == values_.end()) return;
    if (standard != defaults_.end() && standard->second == found->second) return;
    add_rule(key, found->second, reader);
  }

  void add_rule(const std::string& key, const std::string& value, const std::string& reader) {
    notes_.push_back(fmt::format("{} = {} changes nothing: only {} reads it", key, value, reader));
  }

  std::vector<std::string> notes() && { return std::move(notes_); }

 private:
  const std::map<std::string, std::string> values_, defaults_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> unread_settings(const Recipe& recipe,
                                         const std::vector<std::string>& algorithms) {
  Unread unread(recipe);
  const auto runs = [&](const std::string& name) {
    return std::ranges::find(algorithms, name) != algorithms.end();
  };
  for (const auto& [key, readers] : kReaders) {
    if (std::ranges::none_of(readers, runs)) {
      unread.add(key, fmt::format("{}", fmt::join(readers, " or ")));
    }
  }
  const bool observes = is_used(kPercentile, recipe.calibrate.observer, recipe,  //
                                &PartialSpec::observer);
  const bool weighs =
      is_used(kPercentile, recipe.calibrate.weight_method, recipe, &PartialSpec::weight_method);
  const std::string observer = "the observer 'percentile'";
  const std::string method = "the weight_method 'percentile'";
  if (!observes) unread.add("calibrate.percentile", observer);
  if (!weighs) unread.add("calibrate.weight_percentile", method);
  for (std::size_t i = 0; i < recipe.quantize.rules.size(); ++i) {
    const PartialSpec& spec = recipe.quantize.rules[i].spec;
    const auto key = [&](const char* name) { return fmt::format("rule {}: {}", i + 1, name); };
    if (spec.percentile && !observes) {
      unread.add_rule(key("percentile"), fmt::format("{}", *spec.percentile), observer);
    }
    if (spec.weight_percentile && !weighs) {
      unread.add_rule(key("weight_percentile"), fmt::format("{}", *spec.weight_percentile), method);
    }
  }
  return std::move(unread).notes();
}

}  // namespace quern
