#pragma once

#include <map>
#include <string>

#include "quern/engine/int_model.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// The integers of a network by layer, for anyone who builds an engine of their own. For a layer L
/// that has them, as quern/engine/int_model.h defines them:
///
/// * L.weight int16 [outputs, height, width, inputs of the group], L.weight_scale float32
/// * L.bias int32, with the input's zero point in it
/// * L.multiplier int32, L.shift uint8, L.remainder int32, L.highest uint8
/// * L.thresholds int32 [entries, levels]
/// * L.factor int32 (of an add: of its two inputs), L.table uint8 [tables, codes]
/// * L.output_scale float32, L.output_zero_point int32
///
/// A second op of one layer is called L#2.
std::map<std::string, Tensor> weight_arrays(const IntModel& model);

}  // namespace quern
