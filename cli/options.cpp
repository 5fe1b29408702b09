#include "cli/options.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <filesystem>

#include "quern/importers/import_model.h"

namespace quern::cli {
namespace {

/// "r,g,b" → three numbers; CLI11 turns the exception into a usage error.
std::array<double, 3> parse_channels(const std::string& text) {
  std::array<double, 3> values{};
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [next, error] = std::from_chars(position, end, values[i]);
    const bool ends_well = i + 1 < values.size() ? next != end && *next == ',' : next == end;
    if (error != std::errc{} || !ends_well) {
      throw CLI::ValidationError("'" + text + "' is not three numbers r,g,b");
    }
    position = next + 1;
  }
  return values;
}

void add_channels(CLI::App& command, const char* flag, std::optional<std::array<double, 3>>& value,
                  const char* help) {
  command
      .add_option_function<std::string>(
          flag, [&value](const std::string& text) { value = parse_channels(text); }, help)
      ->type_name("R,G,B");
}

void add_preprocessing_options(CLI::App& command, PreprocessingChoice& choice) {
  const char* const group = "Preprocessing (default: as recorded in the model, else ImageNet's)";
  CLI::Option_group& flags = *command.add_option_group(group);
  flags
      .add_option_function<std::string>(
          "--resize",
          [&choice](const std::string& text) {
            int side = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side);
            const bool is_number = error == std::errc{} && end == text.data() + text.size();
            if (text != "none" && (!is_number || side <= 0)) {
              throw CLI::ValidationError("--resize: '" + text +
                                         "' is no number of pixels or 'none'");
            }
            choice.resize = side;
          },
          "Short side after resizing, or 'none'")
      ->type_name("PIXELS");
  flags.add_option("--crop", choice.crop, "Side of the centre crop")->type_name("PIXELS");
  flags.add_option("--central-crop", choice.central_crop, "Keep this fraction of each side first")
      ->type_name("FRACTION");
  flags.add_flag_callback(
      "--stretch", [&choice] { choice.stretch = true; },
      "Resize both sides to --resize: nothing is cut off");
  flags.add_option("--scale", choice.scale, "Multiplies a pixel's 0 … 255");
  add_channels(flags, "--mean", choice.mean, "Subtracted after scaling");
  add_channels(flags, "--std", choice.std, "Divides the difference");
  // Not add_flag: it counts into anything that a number converts to, and would set an absent flag.
  flags.add_flag_callback(
      "--bgr", [&choice] { choice.bgr = true; }, "The network reads blue first");
  flags.add_flag_callback(
      "--rgb", [&choice] { choice.bgr = false; }, "The network reads red first");
}

/// ".onnx, .pb or .tflite file, or zoo:NAME"
std::string model_help() {
  const std::vector<ModelFormat>& formats = model_formats();
  std::string help;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const char* const separator = i == 0 ? "" : i + 1 < formats.size() ? ", " : " or ";
    help += separator + std::string(formats[i].extension);
  }
  return help + " file, or zoo:NAME";
}

}  // namespace

void add_zoo_options(CLI::App& command, Recipe& recipe) {
  CLI::Option_group& flags = *command.add_option_group("Networks of the zoo");
  flags.add_option("--width", recipe.model.width, "Multiplies the channels")->capture_default_str();
  flags.add_option("--input", recipe.model.input, "Side of the input")->type_name("PIXELS");
  flags.add_option("--classes", recipe.model.classes, "Outputs");
  flags.add_option("--seed", recipe.seed, "Of the random weights")->capture_default_str();
}

void add_model_options(CLI::App& command, Recipe& recipe) {
  command.add_option("model", recipe.model.source, model_help())->required()->type_name("MODEL");
  add_zoo_options(command, recipe);
}

void add_picture_options(CLI::App& command, Recipe& recipe) {
  command
      .add_option("--root", recipe.data.root,
                  "Where a list's relative paths start (default: the list's folder), or the folder "
                  "of the data of --data-kind")
      ->type_name("FOLDER");
  add_preprocessing_options(command, recipe.data.preprocess);
}

void add_data_options(CLI::App& command, Recipe& recipe) {
  add_picture_options(command, recipe);
  command
      .add_option("--limit", recipe.data.limit,
                  "Use so many pictures only: the first of a list, spread over a split; 0 is all")
      ->check(at_least(0))
      ->capture_default_str();
  command.add_option("--label-offset", recipe.data.label_offset,
                     "Added to every label (default: as recorded in the model, else 0)");
  command.add_flag("--skip-bad", recipe.data.skip_bad,
                   "Leave out pictures that can not be decoded, and count them");
}

void add_data_kind_option(CLI::App& command, Recipe& recipe) {
  std::vector<std::string> kinds;
  for (const DataKind& kind : data_kinds()) kinds.emplace_back(kind.name);
  command
      .add_option("--data-kind", recipe.data.kind,
                  "How the labelled set below --root lies: " + join(kinds))
      ->type_name("KIND");
}

void add_threads_option(CLI::App& command, Recipe& recipe) {
  command.add_option("--threads", recipe.threads, "0 is all cores; results do not depend on it")
      ->check(at_least(0))
      ->capture_default_str();
}

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "Print one JSON document");
}

CLI::Validator at_least(std::int64_t smallest) {
  const auto check = [smallest](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    if (is_number && value >= smallest) return "";
    return fmt::format("expected a whole number of at least {}, got '{}'", smallest, text);
  };
  return {check, ""};
}

CLI::Validator onnx_file() {
  const auto check = [](const std::string& text) -> std::string {
    if (std::filesystem::path(text).extension() == ".onnx") return "";
    return fmt::format("expected a name that ends in .onnx, got '{}'", text);
  };
  return {check, ""};
}

CLI::Validator not_empty() {
  const auto check = [](const std::string& text) -> std::string {
    return text.empty() ? "expected a path, got nothing" : "";
  };
  return {check, ""};
}

std::string from_here(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

std::string join(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace quern::cli
