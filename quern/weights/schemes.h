// One function a library: its names for the networks of the zoo.
#pragma once

#include <vector>

#include "quern/weights/name_scheme.h"

namespace quern {

/// PyTorch's own library of networks: "features.0.0.weight", "layers.0.weight".
std::vector<NameScheme> torchvision_names();

/// PyTorch image models, by Wightman: "conv_stem.weight", "blocks.0.0.conv_dw.weight".
std::vector<NameScheme> timm_names();

/// tf.keras.applications, and the Keras networks of MLPerf Tiny: "conv_dw_1/depthwise_kernel".
std::vector<NameScheme> keras_names();

/// TensorFlow's slim models: "MobilenetV1/Conv2d_1_depthwise/depthwise_weights".
std::vector<NameScheme> tf_slim_names();

/// The MNasNet that TensorFlow hosted: "mnasnet/cell_2/op_0/expand_0/kernel".
std::vector<NameScheme> hosted_mnasnet_names();

}  // namespace quern
