#pragma once

#include "quern/report/run_report.h"
#include "quern/report/training_report.h"

namespace quern::test {

/// A grid with all figures.
inline GridFigures full_grid() {
  const Bins bins{.low = -0.5, .width = 0.25, .counts = {1, 0, 18446744073709551615U}};
  return {.grid = "int4 narrow per_channel",
          .kind = "calibrated",
          .bits = 4,
          .qmin = -7,
          .qmax = 7,
          .scales = 3,
          .scale_low = 0.1,
          .scale_high = 0.30000001192092896,
          .range_low = -2.1,
          .range_high = 2.1,
          .value_low = -3,
          .value_high = 2.5,
          .clipped = 0.125,
          .sqnr_db = 17.25,
          .before = bins,
          .after = bins};
}

/// A layer with all figures, under a name that a careless writer would trip over; its activation
/// lacks those that may be absent.
inline LayerFigures hostile_layer() {
  GridFigures bare = full_grid();
  bare.clipped = bare.sqnr_db = std::nullopt;
  bare.before = bare.after = std::nullopt;
  return {.layer = "</script><b>,\"quoted\"\n{{title}}<!--",
          .op = "Conv",
          .kind = "3×3 depthwise",
          .output_shape = "[N, 4, 8, 8]",
          .weight_shape = "[4, 1, 3, 3]",
          .inputs = {},
          .macs = 2304,
          .weights = 36,
          .weight = full_grid(),
          .activation = bare,
          .weight_sqnr_db = 16.5,
          .alone_db = 20,
          .effect_db = 300,
          .together_db = -1.5};
}

/// A report that has every field.
inline RunReport full_report() {
  const LayerFigures hostile = hostile_layer();
  return {.network = "<img src=x onerror=alert(1)> & co",
          .settings = {{"scheme", "finn"}},
          .calibration_images = 250,
          .report_images = 16,
          .is_held_back = true,
          .quantizers = 3,
          .weight_bits = 144,
          .weights = 36,
          .output_db = 8.5,
          .accuracy = AccuracyFigures{.images = 750,
                                      .metrics = {{"top-1", 74.5, 77.7}, {"top-5", 92, {}}},
                                      .floor = 0.5,
                                      .agreement = 86,
                                      .sqnr_db = 8.4},
          .steps = {{.name = "calibrate", .output_db = -2, .changes = {}, .notes = {"a note"}},
                    {.name = "gptq",
                     .output_db = std::nullopt,
                     .changes = {{.layer = hostile.layer,
                                  .codes_changed = 0.1,
                                  .sqnr_before_db = 17.7,
                                  .sqnr_after_db = 16.8,
                                  .factor_low = 0.25,
                                  .factor_high = 3,
                                  .range_before = 1.5,
                                  .range_after = 2.25,
                                  .bias_shift = 0.04,
                                  .weight_scale = 1.5,
                                  .output_scale = 2}},
                     .notes = {}}},
          .layers = {hostile, {.layer = "plain", .op = "Flatten", .inputs = {0}}},
          .notes = {"</script><script>alert(2)</script>"}};
}

/// A report of a training that has every field, under names that a careless writer would trip over.
inline TrainingReport full_training_report() {
  return {.network = "<img src=x onerror=alert(1)> & co",
          .settings = {{"train.epochs", "2"}},
          .training_images = 20,
          .validation_images = 10,
          .classes = {{.name = "</script><b>smoke",
                       .training = 8,
                       .validation = 4,
                       .precision = 0.75,
                       .recall = 0.5,
                       .f1 = 0.6,
                       .found = 3,
                       .missed = 1,
                       .false_alarms = 1},
                      {.name = "bare"}},
          .metrics = {"macro F1"},
          .epochs = {{.epoch = 1,
                      .training_loss = 1.5,
                      .validation_loss = 1.25,
                      .learning_rate = 0.004,
                      .seconds = 12.5,
                      .images_per_second = 80,
                      .metrics = {0.625}}},
          .best_epoch = 1,
          .floor = 0.5,
          .wrong_images = 4,
          .mistakes = {{.picture = "images/<b>.jpg",
                        .truth = "none",
                        .answer = "smoke",
                        .confidence = 0.875,
                        .thumbnail = "/9j/"}},
          .notes = {"</script><script>alert(2)</script>"}};
}

}  // namespace quern::test
