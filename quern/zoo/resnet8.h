#pragma once

#include "quern/zoo/zoo.h"

namespace quern {

/// ResNet-8 for CIFAR-10, the image classifier of the MLPerf Tiny benchmark: three residual stacks
/// of 16, 32 and 64 channels, biases in front of the batch norms, pixels 0 … 255 as they are.
/// Layers have the names that Keras numbers: "conv2d", "batch_normalization", …, "dense".
///
/// Source: Banbury et al., "MLPerf Tiny Benchmark", 2021, arXiv:2106.07597.
Graph resnet8(const ZooOptions& options);

}  // namespace quern
