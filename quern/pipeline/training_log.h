#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace quern {

/// What every epoch of a run came to, where others read it: RUN/metrics.jsonl, one JSON object a
/// line, and RUN/tensorboard/, the same numbers as an event file that TensorBoard reads.
class TrainingLog {
 public:
  /// Writes both files anew, with these epochs: a resumed run keeps those of its checkpoint,
  /// whatever the killed one wrote after it.
  /// @throws Error(kIo) naming the file.
  TrainingLog(const std::filesystem::path& run, std::vector<std::string> epochs);

  /// Appends an epoch: an object with "epoch" and "time" (since 1970, unit: seconds). TensorBoard
  /// gets its other numbers, those of inner objects as "outer/inner".
  /// @throws Error(kIo) naming the file.
  void add(const nlohmann::json& epoch);

  /// The lines so far.
  const std::vector<std::string>& epochs() const { return epochs_; }

 private:
  std::filesystem::path metrics_;
  std::filesystem::path events_;
  std::vector<std::string> epochs_;
};

/// The first epoch of the largest "score"; null where there is none.
nlohmann::json best_epoch(const std::vector<std::string>& epochs);

}  // namespace quern
