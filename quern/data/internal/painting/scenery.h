#pragma once

#include "quern/data/internal/painting/canvas.h"

namespace quern::painting {

/// The time of day, which decides how much light falls on everything.
enum class Light { kDay, kOvercast, kSunset, kNight };

/// A place where something may burn.
struct Scene {
  Light light = Light::kDay;
  bool is_indoors = false;
  float horizon = 0.6F;  ///< Where the ground begins (unit: picture sides from the top)…
  float foreground = 1;  ///< …and where it ends: at a shore, or below the picture.
};

/// Paints a place all over: a field, a wood, a lake, a street with houses, a works or a room.
Scene paint_scene(Canvas& canvas, Random& random);

}  // namespace quern::painting
