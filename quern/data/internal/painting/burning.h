#pragma once

#include "quern/data/internal/painting/canvas.h"

namespace quern::painting {

/// Where flames stand (unit: picture sides).
struct Flames {
  float x = 0.5F;
  float base = 0.8F;
  float width = 0.2F;
  float height = 0.3F;
};

/// What can be seen of something painted.
struct Painted {
  Box box;
  float area = 0;  ///< Share of the picture.

  void take_in(const Canvas& canvas, float x, float y);
};

/// Paints tongues of flame, the light they throw and sparks above them.
Painted paint_flames(Canvas& canvas, const Flames& flames, float glow, Random& random);

/// A plume of smoke (unit: picture sides).
struct Plume {
  float x = 0.5F;  ///< Where it begins.
  float y = 0.6F;
  float height = 0.6F;   ///< It rises so far, and may leave the picture.
  float drift = 0.2F;    ///< How far the wind takes its end.
  float narrow = 0.03F;  ///< Half its width at the beginning…
  float wide = 0.2F;     ///< …and at the end.
  float density = 0.8F;  ///< What it hides, 0 to 1.
  Colour lit;            ///< On the side of the light…
  Colour dark;           ///< …and on the other.
};

/// Paints billows of smoke.
Painted paint_plume(Canvas& canvas, const Plume& plume, Random& random);

/// Adds light that fades with the distance from (x, y), half at `radius`.
void paint_glow(Canvas& canvas, float x, float y, float radius, const Colour& colour);

}  // namespace quern::painting
