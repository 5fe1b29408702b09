#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/report/run_report.h"

namespace quern {

/// What a report of a training says, as plain numbers: all that is written as JSON and as a page.
/// Shares go from 0 to 1. A figure that does not apply is absent.

/// One epoch.
struct EpochFigures {
  std::int64_t epoch = 0;        ///< From 1.
  double training_loss = 0;      ///< The mean over its steps.
  double validation_loss = 0;    ///< On the validation pictures, after it.
  double learning_rate = 0;      ///< After it.
  double seconds = 0;            ///< That its steps took; wall clock.
  double images_per_second = 0;  ///< Pictures learned from.
  std::vector<double> metrics;   ///< On the validation pictures, as TrainingReport names them.

  bool operator==(const EpochFigures&) const = default;
};

/// One output, or one class.
struct ClassFigures {
  std::string name;
  std::int64_t training = 0;    ///< Pictures to learn from that show it.
  std::int64_t validation = 0;  ///< Likewise of the validation pictures.
  /// Of the best epoch's network on these; absent where a picture has one class.
  std::optional<double> precision, recall, f1;
  std::optional<std::int64_t> found, missed, false_alarms;  ///< Pictures.

  bool operator==(const ClassFigures&) const = default;
};

/// A validation picture that the best epoch's network answers wrongly.
struct Mistake {
  std::string picture;    ///< The end of its path.
  std::string truth;      ///< "smoke and fire"; "none"
  std::string answer;     ///< Likewise.
  double confidence = 0;  ///< The probability that the network gave to what is wrong.
  std::string thumbnail;  ///< A JPEG in base64, as the network sees the picture.

  bool operator==(const Mistake&) const = default;
};

struct TrainingReport {
  int version = 1;
  std::string network;
  std::vector<Setting> settings;  ///< Keys of the recipe.
  std::int64_t training_images = 0;
  std::int64_t validation_images = 0;
  std::vector<ClassFigures> classes;
  std::vector<std::string> metrics;  ///< Names: the first is what epochs are compared by.
  std::vector<EpochFigures> epochs;
  std::int64_t best_epoch = 0;
  std::optional<double> floor;    ///< Of the first metric: what one answer for all would score.
  std::int64_t wrong_images = 0;  ///< Validation pictures with a wrong answer.
  std::vector<Mistake> mistakes;  ///< Some of these, the most confident first.
  std::vector<std::string> notes;

  bool operator==(const TrainingReport&) const = default;
};

}  // namespace quern
