#pragma once

#include <cmath>

namespace quern {

/// The short side that pictures get before the centre crop where neither a file nor a user says it
/// (unit: pixels): 256 for 224, as ImageNet's networks are fed. Networks of at most 64 pixels are
/// fed whole pictures.
inline int default_resize(int crop) {
  constexpr int kWholePictures = 64;
  return crop <= kWholePictures ? crop : static_cast<int>(std::lround(crop * 256.0 / 224.0));
}

}  // namespace quern
