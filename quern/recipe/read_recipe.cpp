#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/nearest.h"
#include "quern/recipe/keys.h"
#include "quern/recipe/recipe.h"

namespace quern {
namespace {

/// Fills a recipe from TOML tables. Every key it is asked for becomes known; what a table holds
/// beyond those is an error.
class Reader {
 public:
  Reader(const toml::table& root, std::string file) : table_(&root), file_(std::move(file)) {}

  template <class T>
  void key(const char* name, T& value) {
    known_.emplace_back(name);
    if (const toml::node* node = table_->get(name)) assign(path(name), *node, value);
  }

  template <class Body>
  void table(const char* name, const Body& body) {
    known_.emplace_back(name);
    if (const toml::node* node = table_->get(name)) {
      enter(name, *node, body);
    } else {
      const toml::table absent;
      enter(name, absent, body);
    }
  }

  template <class Item, class Body>
  void tables(const char* name, std::vector<Item>& items, const Body& body) {
    known_.emplace_back(name);
    const toml::node* node = table_->get(name);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) wrong_type(path(name), *node, "an array of tables: [[…]]");
    for (std::size_t i = 0; i < array->size(); ++i) {
      items.emplace_back();
      enter(fmt::format("{} {}", name, i + 1), *array->get(i), [&] { body(items.back()); });
    }
  }

  /// Called when a table has been read: all its keys must be known.
  void finish() const {
    for (const auto& [name, node] : *table_) {
      const std::string key(name.str());
      if (std::ranges::find(known_, key) != known_.end()) continue;
      fail(ErrorCode::kInvalidArgument, "{}: '{}' is not a key of a recipe (nearest: '{}')",
           place(node), path(key), path(nearest(key, known_)));
    }
  }

 private:
  template <class Body>
  void enter(const std::string& name, const toml::node& node, const Body& body) {
    const toml::table* inner = node.as_table();
    if (inner == nullptr) wrong_type(path(name), node, "a table");
    const toml::table* const outer = std::exchange(table_, inner);
    const std::vector<std::string> outer_known = std::exchange(known_, {});
    const std::string outer_prefix = std::exchange(prefix_, path(name) + ".");
    body();
    finish();
    table_ = outer;
    known_ = outer_known;
    prefix_ = outer_prefix;
  }

  template <class T>
  void assign(const std::string& key, const toml::node& node, std::optional<T>& value) {
    value.emplace();
    assign(key, node, *value);
  }

  void assign(const std::string& key, const toml::node& node, std::string& value) {
    const auto found = node.value_exact<std::string>();
    if (!found) wrong_type(key, node, "a string");
    value = *found;
  }

  void assign(const std::string& key, const toml::node& node, bool& value) {
    const auto found = node.value_exact<bool>();
    if (!found) wrong_type(key, node, "true or false");
    value = *found;
  }

  void assign(const std::string& key, const toml::node& node, double& value) {
    const auto found = node.value<double>();
    if (!found || node.is_boolean()) wrong_type(key, node, "a number");
    if (!std::isfinite(*found)) wrong_type(key, node, "a finite number");
    value = *found;
  }

  template <class T>
  requires std::is_integral_v<T>
  void assign(const std::string& key, const toml::node& node, T& value) {
    if (key.ends_with(".resize") && node.value<std::string>() == "none") {
      value = 0;
      return;
    }
    const auto found = node.value_exact<std::int64_t>();
    if (!found || !std::in_range<T>(*found)) wrong_type(key, node, "a whole number");
    value = static_cast<T>(*found);
  }

  void assign(const std::string& key, const toml::node& node, std::array<double, 3>& value) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->size() != value.size()) {
      wrong_type(key, node, "three numbers, one per channel");
    }
    for (std::size_t i = 0; i < value.size(); ++i) assign(key, *array->get(i), value[i]);
  }

  template <class T>
  void assign(const std::string& key, const toml::node& node, std::vector<T>& value) {
    const toml::array* array = node.as_array();
    if (array == nullptr) {
      wrong_type(key, node, std::is_same_v<T, double> ? "a list of numbers" : "a list of strings");
    }
    value.resize(array->size());
    for (std::size_t i = 0; i < value.size(); ++i) assign(key, *array->get(i), value[i]);
  }

  void assign(const std::string& key, const toml::node& node, Role& value) {
    std::string text;
    assign(key, node, text);
    with_context(place(node), [&] { value = role_from(text); });
  }

  void assign(const std::string& key, const toml::node& node, Granularity& value) {
    std::string text;
    assign(key, node, text);
    with_context(place(node), [&] { value = granularity_from(text); });
  }

  void assign(const std::string& key, const toml::node& node, Comparison& value) {
    std::string text;
    if (const auto number = node.value_exact<std::int64_t>()) {
      text = std::to_string(*number);
    } else {
      assign(key, node, text);
    }
    with_context(place(node), [&] { value = comparison_from(text); });
  }

  [[noreturn]] void wrong_type(const std::string& key, const toml::node& node,
                               const char* expected) const {
    // Printed, a table would take several lines.
    if (node.is_table()) {
      fail(ErrorCode::kInvalidArgument, "{}: {} is a table, expected {}", place(node), key,
           expected);
    }
    std::ostringstream found;
    node.visit([&](const auto& typed) { found << typed; });
    fail(ErrorCode::kInvalidArgument, "{}: {} = {} is not {}", place(node), key, found.str(),
         expected);
  }

  std::string place(const toml::node& node) const {
    const auto line = node.source().begin.line;
    return line > 0 ? fmt::format("{}:{}", file_, line) : file_;
  }

  std::string path(const std::string& key) const { return prefix_ + key; }

  const toml::table* table_;
  std::string file_;
  std::string prefix_;
  std::vector<std::string> known_;
};

toml::table parse(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    fail(ErrorCode::kInvalidArgument, "{}:{}: {}", name, error.source().begin.line,
         error.description());
  }
}

/// Puts "a.b=value" into the table, as if the file had said so.
void apply_override(toml::table& root, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  require(equals != std::string::npos && equals > 0, "--set {}: expected key=value", setting);
  std::string text = setting.substr(equals + 1);
  toml::table value;
  try {
    value = toml::parse("value = " + text);
  } catch (const toml::parse_error&) {
    value.insert_or_assign("value", text);
  }

  toml::table* table = &root;
  std::string_view path(setting.data(), equals);
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    const std::string_view part = path.substr(0, dot);
    toml::node* inner = table->get(part);
    if (inner == nullptr) inner = &table->insert(part, toml::table{}).first->second;
    table = inner->as_table();
    require(table != nullptr, "--set {}: '{}' is not a table", setting, part);
    path.remove_prefix(dot + 1);
  }
  table->insert_or_assign(path, *value.get("value"));
}

void check(const DataRecipe& data) {
  require(data.limit >= 0, "data.limit must be 0 or more, got {}", data.limit);
  require(data.hold_out > 0 && data.hold_out < 1,
          "data.hold_out must be above 0 and below 1, got {}", data.hold_out);
  require(data.cache_gib > 0, "data.cache_gib must be above 0, got {}", data.cache_gib);
  require(data.kind.empty() || data.sources.empty(),
          "data.kind is '{}', and [[data.source]] names {} sets; expected one of both", data.kind,
          data.sources.size());
  if (!data.kind.empty()) find_data_kind(data.kind);
  for (const DataSource& source : data.sources) find_data_kind(source.kind);
  with_context("data", [&] { check(data.augment); });
}

void check(const TrainRecipe& train) {
  const auto at_least = [&](const char* key, double value, double smallest) {
    require(value >= smallest, "train.{} must be {} or more, got {}", key, smallest, value);
  };
  const auto above_0 = [&](const char* key, double value) {
    require(value > 0, "train.{} must be above 0, got {}", key, value);
  };
  const auto share = [&](const char* key, double value) {
    require(value >= 0 && value < 1, "train.{} must be 0 or more and below 1, got {}", key, value);
  };
  at_least("epochs", train.epochs, 1);
  at_least("batch_size", train.batch_size, 1);
  above_0("learning_rate", train.learning_rate);
  share("momentum", train.momentum);
  at_least("weight_decay", train.weight_decay, 0);
  at_least("batchnorm_decay", train.batchnorm_decay, 0);
  at_least("scale_decay", train.scale_decay, 0);
  at_least("scale_rate", train.scale_rate, 0);
  at_least("warm_up", train.warm_up, 0);
  above_0("factor", train.factor);
  require(train.factor <= 1, "train.factor must be at most 1, got {}", train.factor);
  at_least("patience", train.patience, 0);
  share("threshold", train.threshold);
  at_least("step_epochs", train.step_epochs, 1);
  at_least("floor", train.floor, 0);
  share("label_smoothing", train.label_smoothing);
  for (const double weight : train.positive_weights) above_0("positive_weights", weight);
  above_0("temperature", train.temperature);
  at_least("teacher_share", train.teacher_share, 0);
  require(train.teacher_share <= 1, "train.teacher_share must be at most 1, got {}",
          train.teacher_share);
  share("average", train.average);
  at_least("clip_norm", train.clip_norm, 0);
  at_least("batchnorm_epochs", train.batchnorm_epochs, 0);
  at_least("checkpoint_seconds", train.checkpoint_seconds, 0);
  require(train.integers == "off" || train.integers == "log" || train.integers == "best",
          "train.integers must be 'off', 'log' or 'best', got '{}'", train.integers);
}

void check(const Recipe& recipe, const std::string& name) {
  require(recipe.version == 1, "{}: version is {}, expected 1", name, recipe.version);
  require(recipe.threads >= 0, "{}: threads must be 0 or more, got {}", name, recipe.threads);
  require(recipe.ptq.iterations > 0, "{}: ptq.iterations must be above 0, got {}", name,
          recipe.ptq.iterations);
  require(recipe.ptq.block_size > 0, "{}: ptq.block_size must be above 0, got {}", name,
          recipe.ptq.block_size);
  require(recipe.ptq.damping > 0 && recipe.ptq.damping <= 1,
          "{}: ptq.damping must be above 0 and at most 1, got {}", name, recipe.ptq.damping);
  require(recipe.ptq.memory_mib > 0, "{}: ptq.memory_mib must be above 0, got {}", name,
          recipe.ptq.memory_mib);
  require(recipe.quantize.statistics_steps >= 0,
          "{}: quantize.statistics_steps must be 0 or more, got {}", name,
          recipe.quantize.statistics_steps);
  require(recipe.report.pictures >= 0, "{}: report.pictures must be 0 or more, got {}", name,
          recipe.report.pictures);
  with_context(name, [&] {
    check(recipe.data);
    check(recipe.train);
    check_bits(recipe.quantize.weight_bits, "weight_bits", "quantize");
    check_bits(recipe.quantize.activation_bits, "activation_bits", "quantize");
  });
}

/// `path` as seen from `folder`; empty, absolute and "zoo:" ones stand as they are.
void rebase(std::string& path, const std::filesystem::path& folder) {
  if (path.empty() || path.starts_with("zoo:") || folder.empty()) return;
  path = (folder / path).lexically_normal().string();
}

void rebase(DataRecipe& data, const std::filesystem::path& folder) {
  rebase(data.root, folder);
  if (data.cache != "none") rebase(data.cache, folder);
  if (!data.root.empty()) return;  // What is relative beyond that starts there.
  for (DataSource& source : data.sources) rebase(source.root, folder);
  if (!data.kind.empty() || !data.sources.empty()) return;  // The others name splits.
  rebase(data.training, folder);
  rebase(data.calibration, folder);
  rebase(data.validation, folder);
}

}  // namespace

ZooOptions zoo_options(const Recipe& recipe) {
  return {.width = recipe.model.width,
          .input = recipe.model.input,
          .classes = recipe.model.classes,
          .seed = recipe.seed};
}

Recipe parse_recipe(std::string_view text, const std::string& name,
                    const std::vector<std::string>& overrides) {
  toml::table root = parse(text, name);
  for (const std::string& setting : overrides) apply_override(root, setting);
  Recipe recipe;
  Reader reader(root, name);
  describe(reader, recipe);
  reader.finish();
  check(recipe, name);
  return recipe;
}

Recipe read_recipe(const std::string& path_or_name, const std::vector<std::string>& overrides) {
  std::vector<std::string> names;
  for (const ReadyMadeRecipe& ready : ready_made_recipes()) {
    if (ready.name == path_or_name) return parse_recipe(ready.text, path_or_name, overrides);
    names.emplace_back(ready.name);
  }
  std::error_code error;
  if (std::filesystem::status(path_or_name, error).type() ==
      std::filesystem::file_type::not_found) {
    fail(ErrorCode::kInvalidArgument,
         "'{}' is neither a file nor a ready-made recipe{}; expected a .toml file or one of {}",
         path_or_name, nearest_hint(path_or_name, nearest(path_or_name, names)),
         fmt::join(names, ", "));
  }
  Recipe recipe = parse_recipe(read_text(path_or_name), path_or_name, overrides);
  const std::filesystem::path folder = std::filesystem::path(path_or_name).parent_path();
  rebase(recipe.model.source, folder);
  rebase(recipe.train.teacher, folder);
  rebase(recipe.data, folder);
  return recipe;
}

}  // namespace quern
