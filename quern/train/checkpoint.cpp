#include "quern/train/checkpoint.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "quern/base/error.h"
#include "quern/tensor/npz.h"

namespace quern {
namespace {

constexpr int kVersion = 1;

/// The array that holds what is no tensor; names of a state have a '/' or are other words.
constexpr const char* kHeader = "checkpoint";

/// What a resumed run may say otherwise: how it is computed, where pictures lie, how long it goes,
/// and what training does not read.
bool is_free(const std::string& key) {
  static const std::set<std::string, std::less<>> keys = {
      "data.cache", "data.cache_gib",           "data.root",
      "threads",    "train.checkpoint_seconds", "train.epochs"};
  return keys.contains(key) || key.starts_with("ptq.") || key.starts_with("report.") ||
         (key.starts_with("data.source ") && key.ends_with(".root"));
}

Tensor bytes_of(const std::string& text) {
  const auto* const first = reinterpret_cast<const std::uint8_t*>(text.data());
  return Tensor::of<std::uint8_t>({static_cast<std::int64_t>(text.size())},
                                  std::span(first, text.size()));
}

std::string text_of(const Tensor& bytes) {
  const auto data = bytes.data<std::uint8_t>();
  return {data.begin(), data.end()};
}

Checkpoint from_json(const nlohmann::json& json) {
  if (const int version = json.at("version"); version != kVersion) {
    fail(ErrorCode::kUnsupported, "it is a checkpoint of version {}, expected {}", version,
         kVersion);
  }
  Checkpoint checkpoint;
  json.at("recipe").get_to(checkpoint.recipe);
  json.at("pictures").get_to(checkpoint.pictures);
  json.at("epoch").get_to(checkpoint.epoch);
  json.at("step").get_to(checkpoint.step);
  json.at("loss_sum").get_to(checkpoint.loss_sum);
  json.at("seconds").get_to(checkpoint.seconds);
  json.at("metrics").get_to(checkpoint.metrics);
  const bool is_position = checkpoint.pictures > 0 && checkpoint.epoch >= 0 &&
                           checkpoint.step >= 0 && std::isfinite(checkpoint.loss_sum) &&
                           checkpoint.seconds >= 0;
  if (!is_position || std::cmp_not_equal(checkpoint.metrics.size(), checkpoint.epoch)) {
    fail(ErrorCode::kParse,
         "it is damaged: {} pictures, {} epochs, {} steps and the metrics of {} epochs",
         checkpoint.pictures, checkpoint.epoch, checkpoint.step, checkpoint.metrics.size());
  }
  for (const std::string& line : checkpoint.metrics) {
    const auto epoch = nlohmann::json::parse(line);
    for (const char* const key : {"epoch", "time", "score"}) epoch.at(key).get<double>();
  }
  return checkpoint;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const nlohmann::json header = {{"version", kVersion},
                                 {"recipe", checkpoint.recipe},
                                 {"pictures", checkpoint.pictures},
                                 {"epoch", checkpoint.epoch},
                                 {"step", checkpoint.step},
                                 {"loss_sum", checkpoint.loss_sum},
                                 {"seconds", checkpoint.seconds},
                                 {"metrics", checkpoint.metrics}};
  std::map<std::string, Tensor> arrays = checkpoint.state;
  arrays[kHeader] = bytes_of(header.dump());
  write_npz(path, arrays);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  std::map<std::string, Tensor> arrays = read_npz(path);
  return with_context(path.string(), [&] {
    const auto header = arrays.extract(kHeader);
    if (header.empty() || header.mapped().dtype() != DType::kUint8) {
      fail(ErrorCode::kParse, "it is no checkpoint of a training run");
    }
    try {
      Checkpoint checkpoint = from_json(nlohmann::json::parse(text_of(header.mapped())));
      checkpoint.state = std::move(arrays);
      return checkpoint;
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorCode::kParse, "it is no checkpoint of a training run: {}", error.what());
    }
  });
}

std::string difference(const Checkpoint& checkpoint,
                       const std::map<std::string, std::string>& recipe) {
  std::set<std::string> keys;
  for (const auto& [key, value] : checkpoint.recipe) keys.insert(key);
  for (const auto& [key, value] : recipe) keys.insert(key);
  const auto value_of = [](const std::map<std::string, std::string>& values,
                           const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string("absent") : found->second;
  };
  for (const std::string& key : keys) {
    const std::string then = value_of(checkpoint.recipe, key);
    const std::string asked = value_of(recipe, key);
    if (then == asked || is_free(key)) continue;
    return fmt::format("it was made with {} = {}, the recipe says {}", key, then, asked);
  }
  return {};
}

}  // namespace quern
