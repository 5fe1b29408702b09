#include "quern/zoo/mnasnet.h"
#include "quern/zoo/mobilenet_v1.h"
#include "quern/zoo/mobilenet_v2.h"
#include "quern/zoo/resnet8.h"
#include "quern/zoo/zoo.h"

namespace quern {

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> kZoo = {
      {.name = "mobilenet_v1",
       .summary = "MobileNetV1, depthwise separable blocks with ReLU6",
       .framework = Framework::kTensorFlow,
       .parameters = 4231976,
       .macs = 568740352,
       .widths = {0.25, 0.5, 0.75, 1.0},
       .inputs = {128, 160, 192, 224},
       .make = mobilenet_v1},
      {.name = "mobilenet_v2",
       .summary = "MobileNetV2, inverted residuals with ReLU6",
       .parameters = 3504872,
       .macs = 300774272,
       .widths = {0.35, 0.5, 0.75, 1.0, 1.3, 1.4},
       .inputs = {96, 128, 160, 192, 224},
       .make = mobilenet_v2},
      {.name = "mobilenet_v2_mini",
       .summary = "small MobileNetV2 that says whether a photo shows smoke and fire",
       .classes = 2,
       .parameters = 68882,
       .macs = 41815680,
       .widths = {0.1, 0.25, 0.5, 1.0},
       .make = mobilenet_v2_mini},
      {.name = "mnasnet",
       .summary = "MNasNet-B1, inverted residuals of two kernel sizes with ReLU",
       .framework = Framework::kTensorFlow,
       .parameters = 4383312,
       .macs = 314415872,
       .widths = {0.5, 0.75, 1.0, 1.3},
       .inputs = {96, 128, 160, 192, 224},
       .make = mnasnet},
      {.name = "resnet8",
       .summary = "ResNet-8 of MLPerf Tiny, for the 32x32 pictures of CIFAR-10",
       .input = 32,
       .classes = 10,
       .framework = Framework::kTensorFlow,
       .parameters = 78186,
       .macs = 12501632,
       .inputs = {32},
       .make = resnet8},
  };
  return kZoo;
}

}  // namespace quern
