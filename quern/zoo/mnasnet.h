#pragma once

#include "quern/zoo/zoo.h"

namespace quern {

/// MNasNet-B1: inverted residuals of 3×3 and 5×5 kernels with ReLU, a head of 1280 channels at any
/// width; in TensorFlow's hosted networks the stem has no activation. Layers are named by cell:
/// "stem", "lead_cell_0/dws", "lead_cell_1/expand", "cell_2/dws", "cell_2/project", "cell_2/add",
/// …, "lead_cell_17", "output/fc"; a cell that leads has no skip.
///
/// Source: Tan et al., "MnasNet: Platform-Aware Neural Architecture Search for Mobile", 2018,
/// arXiv:1807.11626; the variant without squeeze-and-excitation.
Graph mnasnet(const ZooOptions& options);

}  // namespace quern
