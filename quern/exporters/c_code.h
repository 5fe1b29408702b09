#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"

namespace quern {

struct CCodeOptions {
  /// What the network's names begin with, so that several fit into one program: "model" gives
  /// model_run, MODEL_OPS and ModelTensor, "door_bell" door_bell_run, DOOR_BELL_OPS and
  /// DoorBellTensor.
  std::string prefix = "model";
  /// What the self-test computes: the codes of every input, [height, width, channels]. Drawn at
  /// random where there are none.
  std::vector<std::vector<std::uint8_t>> golden;
};

/// A network of integers as C99 without heap, floats or recursion: the texts of a folder by their
/// path in it. Equal models give equal texts.
///
/// * model.h, model.c: the network. `model_run` computes it in an arena of MODEL_ARENA_BYTES.
/// * quern/runtime: the kernels that it calls, and no others.
/// * golden.h: inputs and what the engine answers to them; self_test.c compares with that.
/// * trace.c: writes what every layer computes.
/// * Makefile: the targets `host` and `m4` build and run the self-test.
///
/// Names that a file gave to its layers appear in identifiers only, as letters and digits.
///
/// @throws Error(kInvalidArgument) for a prefix that names in C can not begin with or that the
///         kernels' names have, or golden codes that the inputs do not take; Error(kParse) for a
///         model that does not pass `check`; Error(kUnsupported) for an arena that int32 does not
///         measure.
std::map<std::string, std::string> to_c(const IntModel& model, const CCodeOptions& options = {});

/// Writes those files. The Makefile goes first and comes last: a folder that has one is whole.
/// @throws Error as to_c does, before anything is written; Error(kIo) as write_file does.
void export_c(const IntModel& model, const std::filesystem::path& folder,
              const CCodeOptions& options = {});

}  // namespace quern
