#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "quern/engine/int_model.h"
#include "quern/graph/graph.h"
#include "quern/lower/lower.h"
#include "quern/lower/provenance.h"

namespace quern::cli {

/// Whether a name on the command line is that of an integer network, a .quern file.
bool is_integer_network(const std::string& source);

/// A .quern file and what it remembers.
struct IntegerFile {
  IntModel model;
  Provenance provenance;
  Graph input;  ///< Nothing but the network's input, preprocessing and label offset, for what asks
                ///< a graph about those.
};

/// @throws errors of read_model and provenance_of, naming the file.
IntegerFile load_integers(const std::filesystem::path& path);

/// --fold and --rounding.
void add_lower_options(CLI::App& command, LowerOptions& options);

}  // namespace quern::cli
