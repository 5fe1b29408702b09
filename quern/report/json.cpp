#include "quern/report/json.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "quern/base/error.h"

namespace nlohmann {

template <class T>
struct adl_serializer<std::optional<T>> {
  static void to_json(json& to, const std::optional<T>& value) {
    to = value ? json(*value) : json();
  }
  static void from_json(const json& from, std::optional<T>& value) {
    value.reset();
    if (!from.is_null()) value = from.get<T>();
  }
};

}  // namespace nlohmann

namespace quern {

// One line a struct, for both directions.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Bins, low, width, counts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GridFigures, grid, kind, bits, qmin, qmax, scales, scale_low,
                                   scale_high, range_low, range_high, value_low, value_high,
                                   clipped, sqnr_db, before, after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerFigures, layer, op, kind, output_shape, weight_shape,
                                   inputs, macs, weights, weight, activation, weight_sqnr_db,
                                   alone_db, effect_db, together_db)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerChange, layer, codes_changed, sqnr_before_db, sqnr_after_db,
                                   factor_low, factor_high, range_before, range_after, bias_shift,
                                   weight_scale, output_scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StepFigures, name, output_db, changes, notes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MetricFigures, name, quantized, reference)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AccuracyFigures, images, metrics, floor, agreement, sqnr_db)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Setting, name, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunReport, version, network, settings, calibration_images,
                                   report_images, is_held_back, quantizers, weight_bits, weights,
                                   output_db, accuracy, steps, layers, notes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochFigures, epoch, training_loss, validation_loss,
                                   learning_rate, seconds, images_per_second, metrics)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ClassFigures, name, training, validation, precision, recall, f1,
                                   found, missed, false_alarms)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Mistake, picture, truth, answer, confidence, thumbnail)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainingReport, version, network, settings, training_images,
                                   validation_images, classes, metrics, epochs, best_epoch, floor,
                                   wrong_images, mistakes, notes)

namespace {

template <class Report>
std::string written(const Report& report) {
  // A name may hold bytes that are no UTF-8; a reader sees where.
  return nlohmann::json(report).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         "\n";
}

template <class Report>
Report read(std::string_view json, const std::string& name) {
  try {
    const auto parsed = nlohmann::json::parse(json);
    const auto version = parsed.at("version").get<std::int64_t>();
    if (version != 1) {
      fail(ErrorCode::kParse, "{}: a report of version {}, expected 1", name, version);
    }
    return parsed.get<Report>();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kParse, "{}: not a report of quern: {}", name, error.what());
  }
}

}  // namespace

std::string to_json(const RunReport& report) { return written(report); }

RunReport report_from_json(std::string_view json, const std::string& name) {
  return read<RunReport>(json, name);
}

std::string to_json(const TrainingReport& report) { return written(report); }

TrainingReport training_report_from_json(std::string_view json, const std::string& name) {
  return read<TrainingReport>(json, name);
}

bool is_training_report(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() && parsed.contains("epochs");
}

}  // namespace quern
