#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// Everything that a killed run needs to end with the weights it would have ended with.
struct Checkpoint {
  std::map<std::string, std::string> recipe;  ///< Values by key, as TOML writes them.
  std::int64_t pictures = 0;                  ///< Of the training set.
  std::int64_t epoch = 0;                     ///< Epochs that are done.
  std::int64_t step = 0;                      ///< Steps of the next one that are done.
  double loss_sum = 0;                        ///< Over those steps.
  double seconds = 0;                         ///< That the epoch has taken so far; wall clock.
  std::vector<std::string> metrics;           ///< A JSON object for each epoch that is done.
  std::map<std::string, Tensor> state;        ///< Of the Trainer.

  bool operator==(const Checkpoint&) const = default;
};

/// Writes a checkpoint in one step: an .npz of the state's tensors and a JSON entry for the rest.
/// @throws Error(kIo) naming the file, of which an older version stays.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// @throws Error(kIo) if it can not be read; Error(kParse) naming the file where it is no
/// checkpoint,
///         is damaged or incomplete; Error(kUnsupported) if it is of another version.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The first key, in alphabetical order, in which a run's recipe differs from the checkpoint's, in
/// a sentence; empty if none does. Keys that change nothing about the weights, and train.epochs,
/// may differ.
std::string difference(const Checkpoint& checkpoint,
                       const std::map<std::string, std::string>& recipe);

}  // namespace quern
