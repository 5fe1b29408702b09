#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern::cli {

/// Flags that several verbs share. Each `add_…` declares them; values land in the recipe that the
/// verb runs, so that a flag and a recipe's key are one thing.

/// MODEL and, for zoo networks, --width, --input, --classes, --seed.
void add_model_options(CLI::App& command, Recipe& recipe);

/// --width, --input, --classes, --seed alone, where MODEL is declared otherwise.
void add_zoo_options(CLI::App& command, Recipe& recipe);

/// --root and the preprocessing flags.
void add_picture_options(CLI::App& command, Recipe& recipe);

/// Those, and --limit, --label-offset, --skip-bad.
void add_data_options(CLI::App& command, Recipe& recipe);

/// --data-kind
void add_data_kind_option(CLI::App& command, Recipe& recipe);

/// --threads
void add_threads_option(CLI::App& command, Recipe& recipe);

/// --json
void add_json_option(CLI::App& command, bool& json);

/// Accepts whole numbers from `smallest`.
CLI::Validator at_least(std::int64_t smallest);

/// Accepts names of ONNX files.
CLI::Validator onnx_file();

/// Refuses "", which would mean the working directory.
CLI::Validator not_empty();

/// A path given on the command line starts at the working directory, whatever --root says.
std::string from_here(const std::string& path);

/// "a, b, c": catalog names for a help text.
std::string join(const std::vector<std::string>& names);

}  // namespace quern::cli
