#include "quern/zoo/mobilenet_v2.h"
#include "quern/zoo/zoo.h"

namespace quern {

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> kZoo = {
      {"mobilenet_v2", "MobileNetV2, inverted residuals with ReLU6", 224, 1000, 3504872, 300774272,
       mobilenet_v2},
      {"mobilenet_v2_mini", "small MobileNetV2 that says whether a photo shows smoke and fire", 224,
       2, 68882, 41815680, mobilenet_v2_mini},
  };
  return kZoo;
}

}  // namespace quern
