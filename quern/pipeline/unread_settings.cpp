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

std::string note(const std::string& key, const std::string& value, const std::string& reader) {
  return fmt::format("{} = {} changes nothing: only {} reads it", key, value, reader);
}

}  // namespace

std::vector<std::string> unread_settings(const Recipe& recipe,
                                         const std::vector<std::string>& algorithms) {
  const std::map<std::string, std::string> changed = changed_values(recipe);
  std::vector<std::string> notes;
  const auto add = [&](const std::string& key, const std::string& reader) {
    const auto found = changed.find(key);
    if (found != changed.end()) notes.push_back(note(key, found->second, reader));
  };
  const auto runs = [&](const std::string& name) {
    return std::ranges::find(algorithms, name) != algorithms.end();
  };
  for (const auto& [key, readers] : kReaders) {
    if (std::ranges::none_of(readers, runs)) {
      add(key, fmt::format("{}", fmt::join(readers, " or ")));
    }
  }
  const bool observes =
      is_used(kPercentile, recipe.calibrate.observer, recipe, &PartialSpec::observer);
  const bool weighs =
      is_used(kPercentile, recipe.calibrate.weight_method, recipe, &PartialSpec::weight_method);
  const std::string observer = "the observer 'percentile'";
  const std::string method = "the weight_method 'percentile'";
  if (!observes) add("calibrate.percentile", observer);
  if (!weighs) add("calibrate.weight_percentile", method);
  for (std::size_t i = 0; i < recipe.quantize.rules.size(); ++i) {
    const PartialSpec& spec = recipe.quantize.rules[i].spec;
    const auto add_rule = [&](const char* name, const std::optional<double>& value, bool is_read,
                              const std::string& reader) {
      if (!value || is_read) return;
      notes.push_back(
          note(fmt::format("rule {}: {}", i + 1, name), fmt::format("{}", *value), reader));
    };
    add_rule("percentile", spec.percentile, observes, observer);
    add_rule("weight_percentile", spec.weight_percentile, weighs, method);
  }
  return notes;
}

}  // namespace quern
