#pragma once

#include "quern/recipe/recipe.h"

namespace quern {

/// The one list of a recipe's keys. `Keys` reads or writes: `key(name, value)` for a value,
/// `table(name, body)` for a table, `tables(name, items, body)` for an array of tables.
template <class Keys>
void describe(Keys& keys, Rule& rule) {
  keys.key("layer", rule.layer);
  keys.key("op", rule.op);
  keys.key("depthwise", rule.depthwise);
  keys.key("groups", rule.groups);
  keys.key("first", rule.first);
  keys.key("last", rule.last);
  keys.key("role", rule.role);
  for_each_rule_key([&](const char* name, KeyScope, auto key) { keys.key(name, rule.spec.*key); });
}

template <class Keys>
void describe(Keys& keys, PreprocessingChoice& choice) {
  keys.key("resize", choice.resize);
  keys.key("crop", choice.crop);
  keys.key("central_crop", choice.central_crop);
  keys.key("stretch", choice.stretch);
  keys.key("scale", choice.scale);
  keys.key("mean", choice.mean);
  keys.key("std", choice.std);
  keys.key("bgr", choice.bgr);
}

template <class Keys>
void describe(Keys& keys, Augmentation& augment) {
  keys.key("flip", augment.flip);
  keys.key("crop_area", augment.crop_area);
  keys.key("crop_aspect", augment.crop_aspect);
  keys.key("pad", augment.pad);
  keys.key("brightness", augment.brightness);
  keys.key("contrast", augment.contrast);
  keys.key("saturation", augment.saturation);
  keys.key("mixup", augment.mixup);
}

template <class Keys>
void describe(Keys& keys, DataRecipe& data) {
  keys.key("kind", data.kind);
  keys.key("root", data.root);
  keys.key("training", data.training);
  keys.key("calibration", data.calibration);
  keys.key("validation", data.validation);
  keys.key("hold_out", data.hold_out);
  keys.key("limit", data.limit);
  keys.key("label_offset", data.label_offset);
  keys.key("skip_bad", data.skip_bad);
  keys.key("cache", data.cache);
  keys.key("cache_gib", data.cache_gib);
  keys.tables("source", data.sources, [&](DataSource& source) {
    keys.key("kind", source.kind);
    keys.key("root", source.root);
  });
  keys.table("preprocess", [&] { describe(keys, data.preprocess); });
  keys.table("augment", [&] { describe(keys, data.augment); });
}

template <class Keys>
void describe(Keys& keys, TrainRecipe& train) {
  keys.key("epochs", train.epochs);
  keys.key("batch_size", train.batch_size);
  keys.key("optimizer", train.optimizer);
  keys.key("learning_rate", train.learning_rate);
  keys.key("momentum", train.momentum);
  keys.key("weight_decay", train.weight_decay);
  keys.key("batchnorm_decay", train.batchnorm_decay);
  keys.key("scale_decay", train.scale_decay);
  keys.key("scale_rate", train.scale_rate);
  keys.key("schedule", train.schedule);
  keys.key("warm_up", train.warm_up);
  keys.key("factor", train.factor);
  keys.key("patience", train.patience);
  keys.key("threshold", train.threshold);
  keys.key("step_epochs", train.step_epochs);
  keys.key("floor", train.floor);
  keys.key("loss", train.loss);
  keys.key("label_smoothing", train.label_smoothing);
  keys.key("positive_weights", train.positive_weights);
  keys.key("teacher", train.teacher);
  keys.key("temperature", train.temperature);
  keys.key("teacher_share", train.teacher_share);
  keys.key("average", train.average);
  keys.key("clip_norm", train.clip_norm);
  keys.key("batchnorm_epochs", train.batchnorm_epochs);
  keys.key("integers", train.integers);
  keys.key("checkpoint_seconds", train.checkpoint_seconds);
}

template <class Keys>
void describe(Keys& keys, Recipe& recipe) {
  keys.key("version", recipe.version);
  keys.key("seed", recipe.seed);
  keys.key("threads", recipe.threads);
  keys.table("model", [&] {
    keys.key("source", recipe.model.source);
    keys.key("width", recipe.model.width);
    keys.key("input", recipe.model.input);
    keys.key("classes", recipe.model.classes);
  });
  keys.table("data", [&] { describe(keys, recipe.data); });
  keys.table("quantize", [&] {
    keys.key("scheme", recipe.quantize.scheme);
    keys.key("weight_bits", recipe.quantize.weight_bits);
    keys.key("activation_bits", recipe.quantize.activation_bits);
    keys.key("weight_granularity", recipe.quantize.weight_granularity);
    keys.key("weight_quantizer", recipe.quantize.weight_quantizer);
    keys.key("activation_quantizer", recipe.quantize.activation_quantizer);
    keys.key("statistics_steps", recipe.quantize.statistics_steps);
    keys.tables("rule", recipe.quantize.rules, [&](Rule& rule) { describe(keys, rule); });
  });
  keys.table("calibrate", [&] {
    keys.key("observer", recipe.calibrate.observer);
    keys.key("percentile", recipe.calibrate.percentile);
    keys.key("weight_method", recipe.calibrate.weight_method);
    keys.key("weight_percentile", recipe.calibrate.weight_percentile);
  });
  keys.table("ptq", [&] {
    keys.key("algorithms", recipe.ptq.algorithms);
    keys.key("alpha", recipe.ptq.alpha);
    keys.key("add_mul", recipe.ptq.add_mul);
    keys.key("layerwise", recipe.ptq.layerwise);
    keys.key("damping", recipe.ptq.damping);
    keys.key("act_order", recipe.ptq.act_order);
    keys.key("asymmetric", recipe.ptq.asymmetric);
    keys.key("block_size", recipe.ptq.block_size);
    keys.key("iterations", recipe.ptq.iterations);
    keys.key("memory_mib", recipe.ptq.memory_mib);
  });
  keys.table("train", [&] { describe(keys, recipe.train); });
  keys.table("export", [&] { keys.key("bipolar_head", recipe.exports.bipolar_head); });
  keys.table("report", [&] { keys.key("pictures", recipe.report.pictures); });
}

}  // namespace quern
