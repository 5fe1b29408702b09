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
  keys.key("scale", choice.scale);
  keys.key("mean", choice.mean);
  keys.key("std", choice.std);
  keys.key("bgr", choice.bgr);
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
  keys.table("data", [&] {
    keys.key("root", recipe.data.root);
    keys.key("calibration", recipe.data.calibration);
    keys.key("validation", recipe.data.validation);
    keys.key("limit", recipe.data.limit);
    keys.key("label_offset", recipe.data.label_offset);
    keys.key("skip_bad", recipe.data.skip_bad);
    keys.table("preprocess", [&] { describe(keys, recipe.data.preprocess); });
  });
  keys.table("quantize", [&] {
    keys.key("scheme", recipe.quantize.scheme);
    keys.key("weight_bits", recipe.quantize.weight_bits);
    keys.key("activation_bits", recipe.quantize.activation_bits);
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
  keys.table("report", [&] { keys.key("pictures", recipe.report.pictures); });
}

}  // namespace quern
