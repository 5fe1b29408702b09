#pragma once

#include <cstdint>
#include <span>

#include "quern/base/random.h"

namespace quern {

/// How a training picture may vary from one epoch to the next.
struct Augmentation {
  double flip = 0.5;       ///< Probability of a mirrored picture.
  double crop_area = 0.6;  ///< Smallest share of the picture's area that a crop shows, resized to
                           ///< the network's input; 1: crops keep their size and only move.
  double crop_aspect = 1.25;  ///< Width of a resized crop over its height: 1/x to x.
  int pad = 0;                ///< Black border that a moving crop may take in (unit: pixels).
  double brightness = 0.2;    ///< Factors lie in 1 − x to 1 + x, for this and the next two.
  double contrast = 0.2;      ///< About the crop's mean grey.
  double saturation = 0.2;    ///< About each pixel's own grey.
  double mixup = 0.0;         ///< α of the Beta distribution that pictures are mixed by; 0: not.

  bool operator==(const Augmentation&) const = default;
};

/// @throws Error(kInvalidArgument) naming the field that is out of its domain.
void check(const Augmentation& augmentation);

/// One way to show a square picture of `side` pixels as a crop of `crop` pixels.
struct Showing {
  double left = 0;  ///< The window that becomes the crop (unit: pixels of the picture).
  double top = 0;
  double width = 0;
  double height = 0;
  bool flipped = false;
  float brightness = 1;
  float contrast = 1;
  float saturation = 1;
};

/// The middle of the picture, as it is: what a network is validated on.
Showing centred(int side, int crop);

/// A random showing; takes the same count of numbers from `random` whatever the augmentation, so
/// that switching one part off does not change the others.
Showing draw_showing(const Augmentation& augmentation, int side, int crop, Random& random);

/// The crop as 8-bit pixels, [3, crop, crop] of RGB written to `out`. Bilinear, black outside of
/// the picture; integers decide everything but the colours, so a showing that only moves or
/// mirrors copies pixels.
/// @param picture  [side, side, 3], RGB.
void show(std::span<const std::uint8_t> picture, int side, const Showing& showing, int crop,
          std::span<std::uint8_t> out);

/// λ of mixup: the share of a picture's own pixels, from Beta(α, α), at least 0.5.
/// Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2017, arXiv:1710.09412.
double draw_mixup(double alpha, Random& random);

}  // namespace quern
