#include "quern/data/internal/painting/decoys.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "quern/data/internal/painting/burning.h"

namespace quern::painting {
namespace {

void paint_disc(Canvas& canvas, float x, float y, float radius, const Colour& colour) {
  canvas.paint(x - radius, y - radius, x + radius, y + radius,
               [&](float px, float py, Colour& pixel) {
                 const float square = (px - x) * (px - x) + (py - y) * (py - y);
                 if (square <= radius * radius) pixel = colour;
               });
}

/// Flat heaps that lie in the sky.
void paint_clouds(Canvas& canvas, const Scene& scene, const Colour& lit, const Colour& dark,
                  Random& random) {
  const Noise noise(random.next());
  const Noise shade(random.next());
  const float scale = uniform(random, 2.5F, 6);
  const float cover = uniform(random, -0.15F, 0.2F);
  const float lift = uniform(random, 0, 50);
  canvas.paint(0, 0, 1, scene.horizon, [&](float x, float y, Colour& pixel) {
    const float high = y / scene.horizon;
    const float n = noise.fractal(scale * x, 2.6F * scale * y + lift, 5);
    const float density = smooth_step(cover, cover + 0.4F, n - 0.35F * high * high);
    const float light = 0.5F + 0.7F * shade.fractal(2 * scale * x, 4 * scale * y, 3) - 0.3F * n;
    pixel = blend(pixel, blend(dark, lit, std::clamp(light, 0.0F, 1.0F)), 0.92F * density);
  });
}

void paint_low_sun(Canvas& canvas, const Scene& scene, Random& random) {
  const float x = uniform(random, 0.1F, 0.9F);
  const float y = scene.horizon - uniform(random, 0.02F, 0.3F);
  const Colour orange = vary({0.95F, 0.45F, 0.1F}, 0.08F, random);
  if (random.uniform() < 0.7) {
    paint_clouds(canvas, scene, orange * 1.1F, Colour{0.45F, 0.22F, 0.24F}, random);
  }
  paint_glow(canvas, x, y, uniform(random, 0.1F, 0.28F), orange * 0.8F);
  if (random.uniform() < 0.75) {
    paint_disc(canvas, x, y, uniform(random, 0.02F, 0.06F), {1.2F, 1.0F, 0.55F});
  }
  if (random.uniform() < 0.5) {  // Its way over wet ground.
    const Noise noise(random.next());
    canvas.paint(x - 0.12F, scene.horizon, x + 0.12F, 1, [&](float px, float py, Colour& pixel) {
      const float n = noise.fractal(6 * px, 60 * py, 2);
      const float beside = std::abs(px - x) / 0.12F;
      pixel = blend(pixel, orange * 1.1F, smooth_step(0.0F, 0.5F, n - beside + 0.5F) * 0.8F);
    });
  }
}

void paint_lamps(Canvas& canvas, const Scene& scene, Random& random) {
  const auto count = random.integer(1, 7);
  const Colour warm = vary({1.0F, 0.62F, 0.22F}, 0.12F, random);
  const float brightness = scene.light == Light::kDay ? 0.4F : 0.9F;
  for (int i = 0; i < count; ++i) {
    const float x = uniform(random, 0.03F, 0.97F);
    const float y = uniform(random, 0.1F, scene.horizon + 0.15F);
    const float radius = uniform(random, 0.008F, 0.035F);
    paint_glow(canvas, x, y, uniform(random, 1.5F, 4) * radius, warm * brightness);
    paint_disc(canvas, x, y, radius, {1.2F, 1.05F, 0.65F});
    if (random.uniform() < 0.5) {
      canvas.paint(x - 0.006F, y + radius, x + 0.006F, scene.horizon + 0.2F,
                   [](float, float, Colour& pixel) { pixel = pixel * 0.35F; });
    }
  }
}

void paint_autumn_leaves(Canvas& canvas, const Scene& scene, Random& random) {
  const auto count = random.integer(1, 4);
  for (int i = 0; i < count; ++i) {
    const Noise noise(random.next());
    const float x = uniform(random, 0, 1);
    const float size = uniform(random, 0.08F, 0.22F);
    const float y = scene.horizon - uniform(random, -0.12F, 0.15F);
    const float light = scene.light == Light::kNight ? 0.35F : 1.0F;
    const Colour leaves = vary({0.85F, 0.4F, 0.08F}, 0.15F, random) * light;
    canvas.paint(x - 1.3F * size, y - 1.3F * size, x + 1.3F * size, y + 1.3F * size,
                 [&](float px, float py, Colour& pixel) {
                   const float dx = (px - x) / size;
                   const float dy = (py - y) / size;
                   const float rough = noise.fractal(34 * px, 34 * py, 3);
                   if (dx * dx + dy * dy + 0.7F * rough > 0.8F) return;
                   pixel = leaves * (0.95F + 0.8F * rough - 0.25F * dy);
                 });
  }
}

/// A car, a crate, a cone or a sign.
void paint_red_things(Canvas& canvas, const Scene& scene, Random& random) {
  constexpr std::array<Colour, 4> kPaints = {
      {{0.85F, 0.12F, 0.08F}, {0.98F, 0.45F, 0.05F}, {0.98F, 0.78F, 0.12F}, {0.9F, 0.3F, 0.1F}}};
  const auto count = random.integer(1, 4);
  for (int i = 0; i < count; ++i) {
    const float light = scene.light == Light::kNight ? 0.5F : 0.95F;
    const Colour colour = vary(kPaints[random.integer(0, 3)], 0.06F, random) * light;
    const float x = uniform(random, 0.05F, 0.95F);
    const float bottom = uniform(random, scene.horizon - 0.05F, 0.95F);
    const float width = uniform(random, 0.04F, 0.16F);
    const float height = uniform(random, 0.05F, 0.24F);
    const double shape = random.uniform();
    canvas.paint(x - width, bottom - height, x + width, bottom,
                 [&](float px, float py, Colour& pixel) {
                   const float up = (bottom - py) / height;
                   const float beside = std::abs(px - x) / width;
                   const float half = shape < 0.35  ? 1.0F - up                    // a cone
                                      : shape < 0.7 ? (up < 0.55F ? 1.0F : 0.55F)  // a car
                                                    : 1.0F;                        // a sign
                   if (beside <= half) pixel = colour * (0.75F + 0.4F * up);
                 });
  }
}

void paint_fog(Canvas& canvas, const Scene& scene, Random& random) {
  const Noise noise(random.next());
  const float level = scene.horizon + uniform(random, -0.2F, 0.12F);
  const float thick = uniform(random, 0.08F, 0.25F);
  const float shade = scene.light == Light::kNight ? 0.22F : uniform(random, 0.6F, 0.85F);
  const Colour colour = vary({shade, shade, shade}, 0.04F, random);
  const float most = uniform(random, 0.5F, 0.95F);
  canvas.paint([&](float x, float y, Colour& pixel) {
    const float waves = 0.05F * noise.fractal(1.8F * x, 4 * y, 2);
    const float away = (y - level + waves) / thick;
    pixel = blend(pixel, colour, most / (1 + away * away * away * away));
  });
}

/// Boulders, heaps of rubble, bare concrete.
void paint_grey_things(Canvas& canvas, const Scene& scene, Random& random) {
  const auto count = random.integer(1, 4);
  for (int i = 0; i < count; ++i) {
    const Noise noise(random.next());
    const float shade = uniform(random, 0.3F, 0.75F) * (scene.light == Light::kNight ? 0.3F : 1);
    const Colour colour = vary({shade, shade, shade}, 0.04F, random);
    const float x = uniform(random, 0, 1);
    const float foot = uniform(random, scene.horizon, 1.0F);
    const float width = uniform(random, 0.08F, 0.26F);
    const float height = uniform(random, 0.08F, 0.34F);
    const bool is_wall = random.uniform() < 0.4;
    canvas.paint(x - width, foot - height, x + width, foot, [&](float px, float py, Colour& pixel) {
      const float up = (foot - py) / height;
      const float beside = (px - x) / width;
      const float rough = noise.fractal(9 * px, 9 * py, 4);
      if (!is_wall && up * up + beside * beside + 0.25F * rough > 0.9F) return;
      pixel = colour * (0.85F + 0.3F * up + (is_wall ? 0.12F : 0.35F) * rough - 0.2F * beside);
    });
  }
}

}  // namespace

void paint_fire_decoy(Canvas& canvas, const Scene& scene, Random& random) {
  const double kind = random.uniform();
  const bool can_have_sun = !scene.is_indoors && scene.light != Light::kNight;
  if (can_have_sun && kind < 0.45) {
    paint_low_sun(canvas, scene, random);
  } else if (kind < 0.6) {
    paint_lamps(canvas, scene, random);
  } else if (!scene.is_indoors && kind < 0.8) {
    paint_autumn_leaves(canvas, scene, random);
  } else {
    paint_red_things(canvas, scene, random);
  }
}

void paint_smoke_decoy(Canvas& canvas, const Scene& scene, Random& random) {
  const double kind = random.uniform();
  if (!scene.is_indoors && kind < 0.5) {
    const float bright = scene.light == Light::kNight ? 0.2F : uniform(random, 0.75F, 1.0F);
    const Colour lit = vary({bright, bright, bright}, 0.04F, random);
    paint_clouds(canvas, scene, lit, lit * uniform(random, 0.45F, 0.75F), random);
  } else if (kind < 0.75) {
    paint_fog(canvas, scene, random);
  } else {
    paint_grey_things(canvas, scene, random);
  }
}

}  // namespace quern::painting
