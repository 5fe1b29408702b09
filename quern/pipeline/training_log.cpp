#include "quern/pipeline/training_log.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/report/tensorboard.h"

namespace quern {
namespace {

namespace fs = std::filesystem;

/// Appends the numbers of `values` as scalars of one epoch.
void append_scalars(std::string& events, const nlohmann::json& values, const std::string& prefix,
                    double time, std::int64_t epoch) {
  for (const auto& [key, value] : values.items()) {
    if (value.is_object()) append_scalars(events, value, prefix + key + "/", time, epoch);
    if (!value.is_number() || key == "epoch" || key == "time") continue;
    events += scalar_event(time, epoch, prefix + key, value.get<double>());
  }
}

std::string events_of(const nlohmann::json& epoch) {
  std::string events;
  append_scalars(events, epoch, "", epoch.at("time"), epoch.at("epoch"));
  return events;
}

/// Programs that watch a file would lose sight of one that is replaced, so it grows in place.
void append(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << text;
  file.flush();
  if (!file) fail(ErrorCode::kIo, "cannot write {}: {}", path.string(), std::strerror(errno));
}

}  // namespace

TrainingLog::TrainingLog(const fs::path& run, std::vector<std::string> epochs)
    : metrics_(run / "metrics.jsonl"),
      events_(run / "tensorboard" / "events.out.tfevents.quern"),
      epochs_(std::move(epochs)) {
  std::string lines;
  std::string events = event_file_start(0);
  for (const std::string& epoch : epochs_) {
    lines += epoch + "\n";
    events += events_of(nlohmann::json::parse(epoch));
  }
  write_file(metrics_, lines);
  write_file(events_, events);
}

void TrainingLog::add(const nlohmann::json& epoch) {
  epochs_.push_back(epoch.dump());
  append(metrics_, epochs_.back() + "\n");
  append(events_, events_of(epoch));
}

nlohmann::json best_epoch(const std::vector<std::string>& epochs) {
  nlohmann::json best;
  for (const std::string& line : epochs) {
    nlohmann::json epoch = nlohmann::json::parse(line);
    if (best.is_null() || epoch.at("score") > best.at("score")) best = std::move(epoch);
  }
  return best;
}

}  // namespace quern
