#pragma once

#include "quern/zoo/zoo.h"

namespace quern {

/// MobileNetV1 as TF-slim and Keras build it: a convolution, 13 depthwise separable blocks, ReLU6;
/// ⌊width · channels⌋ channels, at least 8. Layers have Keras's names: "conv1", "conv_dw_1",
/// "conv_pw_1", …, "conv_preds".
///
/// Source: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
/// Applications", 2017, arXiv:1704.04861, table 1.
Graph mobilenet_v1(const ZooOptions& options);

}  // namespace quern
