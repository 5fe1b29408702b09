#pragma once

#include "quern/data/internal/painting/scenery.h"

namespace quern::painting {

/// Paints something that has the colours of fire and is none: a low sun and lit clouds, lamps,
/// autumn leaves, red and orange things.
void paint_fire_decoy(Canvas& canvas, const Scene& scene, Random& random);

/// Paints something that has the colours of smoke and is none: clouds, fog, rocks and walls.
void paint_smoke_decoy(Canvas& canvas, const Scene& scene, Random& random);

}  // namespace quern::painting
