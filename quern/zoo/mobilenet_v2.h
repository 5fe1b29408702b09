#pragma once

#include "quern/zoo/zoo.h"

namespace quern {

/// MobileNetV2 as torchvision builds it and names its layers.
///
/// Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018,
/// arXiv:1801.04381, table 2.
Graph mobilenet_v2(const ZooOptions& options);

/// The small MobileNetV2 for smoke and fire: fewer inverted residuals, a last convolution of 128
/// channels. At width 0.1 channels are multiples of 4, otherwise of 8.
Graph mobilenet_v2_mini(const ZooOptions& options);

}  // namespace quern
