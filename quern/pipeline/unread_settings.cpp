#include "quern/pipeline/unread_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace quern {
namespace {

constexpr const char* kTeacher = "a recipe with train.teacher";

/// The algorithms, optimizers, schedules or losses that alone read a key.
const std::vector<std::pair<std::string, std::vector<std::string>>> kReaders = {
    {"ptq.alpha", {"equalize_activations"}},
    {"ptq.add_mul", {"equalize_activations"}},
    {"ptq.layerwise", {"equalize_activations"}},
    {"ptq.damping", {"gptq"}},
    {"ptq.act_order", {"gptq", "gpfq"}},
    {"ptq.asymmetric", {"gptq"}},
    {"ptq.block_size", {"gptq"}},
    {"ptq.iterations", {"adaround"}},
    {"train.momentum", {"sgd"}},
    {"train.factor", {"plateau", "step"}},
    {"train.patience", {"plateau"}},
    {"train.threshold", {"plateau"}},
    {"train.step_epochs", {"step"}},
    {"train.floor", {"plateau", "step", "cosine"}},
    {"train.positive_weights", {"binary_cross_entropy"}},
    {"train.temperature", {kTeacher}},
    {"train.teacher_share", {kTeacher}}};

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

/// One sentence for every key of a table that differs from its default and that none of these
/// reads.
/// @param table  "train."
void add_unread(const Recipe& recipe, const char* table, const std::vector<std::string>& running,
                std::vector<std::string>& notes) {
  const std::map<std::string, std::string> changed = changed_values(recipe);
  for (const auto& [key, readers] : kReaders) {
    const auto found = changed.find(key);
    if (!key.starts_with(table) || found == changed.end()) continue;
    const bool is_read = std::ranges::any_of(readers, [&](const std::string& reader) {
      return std::ranges::find(running, reader) != running.end();
    });
    if (!is_read)
      notes.push_back(note(key, found->second, fmt::format("{}", fmt::join(readers, " or "))));
  }
}

/// The same for what belongs to the percentile of calibration.
void add_unread_percentiles(const Recipe& recipe, std::vector<std::string>& notes) {
  const std::map<std::string, std::string> changed = changed_values(recipe);
  const auto add = [&](const std::string& key, const std::string& reader) {
    const auto found = changed.find(key);
    if (found != changed.end()) notes.push_back(note(key, found->second, reader));
  };
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
}

}  // namespace

std::vector<std::string> unread_settings(const Recipe& recipe,
                                         const std::vector<std::string>& algorithms) {
  std::vector<std::string> notes;
  add_unread(recipe, "ptq.", algorithms, notes);
  add_unread_percentiles(recipe, notes);
  return notes;
}

std::vector<std::string> unread_training_settings(const Recipe& recipe, const std::string& loss) {
  std::vector<std::string> running = {recipe.train.optimizer, recipe.train.schedule, loss};
  if (!recipe.train.teacher.empty()) running.emplace_back(kTeacher);
  std::vector<std::string> notes;
  add_unread(recipe, "train.", running, notes);
  for (const auto& [key, value] : changed_values(recipe)) {
    if (key.starts_with("ptq.")) notes.push_back(note(key, value, "'quern quantize'"));
  }
  if (!recipe.data.validation.empty() && recipe.data.hold_out != DataRecipe{}.hold_out) {
    notes.push_back(note("data.hold_out", fmt::format("{}", recipe.data.hold_out),
                         "a recipe without data.validation"));
  }
  add_unread_percentiles(recipe, notes);
  return notes;
}

}  // namespace quern
