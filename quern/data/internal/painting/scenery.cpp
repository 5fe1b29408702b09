#include "quern/data/internal/painting/scenery.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quern::painting {
namespace {

/// How bright things are that shine not by themselves.
float daylight(Light light) {
  switch (light) {
    case Light::kDay:
      return 1;
    case Light::kOvercast:
      return 0.75F;
    case Light::kSunset:
      return 0.5F;
    case Light::kNight:
      return 0.14F;
  }
  return 1;
}

std::vector<Colour> sky_colours(Light light) {
  switch (light) {
    case Light::kDay:
      return {{0.22F, 0.42F, 0.75F}, {0.45F, 0.65F, 0.88F}, {0.75F, 0.84F, 0.92F}};
    case Light::kOvercast:
      return {{0.5F, 0.53F, 0.57F}, {0.64F, 0.66F, 0.68F}, {0.74F, 0.75F, 0.75F}};
    case Light::kSunset:
      return {{0.2F, 0.2F, 0.42F}, {0.62F, 0.34F, 0.38F}, {0.98F, 0.55F, 0.22F}};
    case Light::kNight:
      return {{0.01F, 0.015F, 0.04F}, {0.03F, 0.04F, 0.09F}, {0.08F, 0.08F, 0.13F}};
  }
  return {};
}

void paint_sky(Canvas& canvas, const Scene& scene, Random& random) {
  std::vector<Colour> colours = sky_colours(scene.light);
  for (Colour& colour : colours) colour = vary(colour, 0.05F, random);
  const Noise noise(random.next());
  canvas.paint([&](float x, float y, Colour& pixel) {
    const float t = y / scene.horizon + 0.06F * noise.fractal(2 * x, 5 * y, 2);
    pixel = gradient(colours, t);
  });
  if (scene.light != Light::kNight) return;
  for (int i = 0; i < 40; ++i) {
    const float x = uniform(random, 0, 1);
    const float y = uniform(random, 0, scene.horizon);
    const float size = 0.6F / static_cast<float>(canvas.side());
    const float shine = uniform(random, 0.1F, 0.6F);
    canvas.paint(x - size, y - size, x + size, y + size, [&](float, float, Colour& pixel) {
      pixel = pixel + Colour{shine, shine, shine};
    });
  }
}

/// Ground with clods or blades, finer towards the horizon.
void paint_ground(Canvas& canvas, const Scene& scene, const Colour& near, const Colour& far,
                  float roughness, Random& random) {
  const Noise noise(random.next());
  canvas.paint(0, scene.horizon, 1, 1, [&](float x, float y, Colour& pixel) {
    const float depth = (y - scene.horizon) / (1 - scene.horizon);
    const float scale = 1 / (0.12F + depth);
    const float rough = noise.fractal((x - 0.5F) * 9 * scale, 26 * scale, 4);
    pixel = blend(far, near, depth) * (1 + roughness * rough);
  });
}

/// Hills, a wood's edge or a town's outline in front of the sky.
void paint_ridge(Canvas& canvas, const Scene& scene, float height, float frequency,
                 const Colour& colour, float leafiness, Random& random) {
  const Noise noise(random.next());
  const float base = scene.horizon + 0.01F;
  canvas.paint(0, base - 2 * height, 1, base, [&](float x, float y, Colour& pixel) {
    float edge = height * (0.9F + noise.fractal(frequency * x, 3, 3));
    edge += leafiness * height * noise.fractal(26 * x, 26 * y, 3);
    const float cover = smooth_step(-0.008F, 0.008F, y - (base - edge));
    const float shade = 1 + 0.3F * leafiness * noise.fractal(30 * x, 30 * y, 2);
    pixel = blend(pixel, colour * shade, cover);
  });
}

void paint_box(Canvas& canvas, float left, float top, float right, float bottom,
               const Colour& colour) {
  canvas.paint(left, top, right, bottom, [&](float, float, Colour& pixel) { pixel = colour; });
}

void paint_roof(Canvas& canvas, float left, float right, float eaves, float height,
                const Colour& colour) {
  const float middle = (left + right) / 2;
  const float half = (right - left) * 0.56F;
  canvas.paint(middle - half, eaves - height, middle + half, eaves,
               [&](float x, float y, Colour& pixel) {
                 const float slope = half * (1 - (eaves - y) / height);
                 if (std::abs(x - middle) <= slope) pixel = colour;
               });
}

void paint_windows(Canvas& canvas, float left, float top, float right, float bottom, Light light,
                   Random& random) {
  const float pitch = uniform(random, 0.045F, 0.08F);
  const float lit = light == Light::kNight ? 0.45F : light == Light::kSunset ? 0.25F : 0.0F;
  for (float y = top + 0.3F * pitch; y + 0.6F * pitch < bottom; y += pitch) {
    for (float x = left + 0.3F * pitch; x + 0.5F * pitch < right; x += pitch) {
      const bool is_lit = random.uniform() < lit;
      const Colour pane = is_lit ? vary({0.95F, 0.72F, 0.35F}, 0.1F, random)
                                 : vary({0.2F, 0.24F, 0.3F}, 0.05F, random) * daylight(light);
      paint_box(canvas, x, y, x + 0.5F * pitch, y + 0.6F * pitch, pane);
    }
  }
}

void paint_houses(Canvas& canvas, const Scene& scene, Random& random) {
  const float light = daylight(scene.light);
  float left = uniform(random, -0.1F, 0.1F);
  while (left < 1) {
    const float right = left + uniform(random, 0.14F, 0.32F);
    const float height = uniform(random, 0.12F, 0.38F);
    const float bottom = scene.horizon + uniform(random, 0.02F, 0.08F);
    const float top = bottom - height;
    constexpr std::array<Colour, 4> kWalls = {
        {{0.75F, 0.7F, 0.62F}, {0.6F, 0.42F, 0.34F}, {0.66F, 0.67F, 0.68F}, {0.8F, 0.74F, 0.5F}}};
    const Colour wall = vary(kWalls[random.integer(0, 3)], 0.08F, random) * light;
    if (random.uniform() < 0.6) {
      const Colour roof = vary({0.42F, 0.22F, 0.16F}, 0.1F, random) * light;
      paint_roof(canvas, left, right, top, uniform(random, 0.05F, 0.12F), roof);
    }
    paint_box(canvas, left, top, right, bottom, wall);
    paint_windows(canvas, left, top, right, bottom - 0.02F, scene.light, random);
    left = right + uniform(random, -0.02F, 0.15F);
  }
}

/// Trees that stand apart: a trunk, and a crown of leaves.
void paint_trees(Canvas& canvas, const Scene& scene, Random& random) {
  const auto count = random.integer(1, 5);
  for (int i = 0; i < count; ++i) {
    const Noise noise(random.next());
    const float x = uniform(random, 0, 1);
    const float foot = scene.horizon + uniform(random, 0.0F, 0.2F);
    const float size = uniform(random, 0.07F, 0.2F);
    const float light = daylight(scene.light);
    const Colour leaves = vary({0.16F, 0.3F, 0.1F}, 0.08F, random) * light;
    paint_box(canvas, x - 0.08F * size, foot - size, x + 0.08F * size, foot,
              Colour{0.22F, 0.15F, 0.1F} * light);
    const float middle = foot - 1.5F * size;
    canvas.paint(x - size, middle - size, x + size, middle + size,
                 [&](float px, float py, Colour& pixel) {
                   const float dx = (px - x) / size;
                   const float dy = (py - middle) / size;
                   const float rough = noise.fractal(28 * px, 28 * py, 3);
                   if (dx * dx + dy * dy + 0.5F * rough > 0.7F) return;
                   pixel = leaves * (1 + 0.6F * rough - 0.4F * dy);
                 });
  }
}

void paint_water(Canvas& canvas, const Scene& scene, Random& random) {
  const std::vector<Colour> sky = sky_colours(scene.light);
  const Noise noise(random.next());
  canvas.paint(0, scene.horizon, 1, 1, [&](float x, float y, Colour& pixel) {
    const float depth = (y - scene.horizon) / (1 - scene.horizon);
    const float waves = noise.fractal(7 * x / (0.15F + depth), 40 / (0.15F + depth), 3);
    pixel = gradient(sky, 1 - depth + 0.25F * waves) * (0.75F + 0.15F * waves);
  });
}

/// Halls and chimneys.
void paint_works(Canvas& canvas, const Scene& scene, Random& random) {
  const float light = daylight(scene.light);
  const auto chimneys = random.integer(1, 4);
  for (int i = 0; i < chimneys; ++i) {
    const float x = uniform(random, 0.05F, 0.95F);
    const float width = uniform(random, 0.015F, 0.035F);
    const Colour brick = vary({0.5F, 0.4F, 0.36F}, 0.1F, random) * light;
    paint_box(canvas, x - width, scene.horizon - uniform(random, 0.2F, 0.4F), x + width,
              scene.horizon, brick);
  }
  for (int i = 0; i < 3; ++i) {
    const float left = uniform(random, -0.1F, 0.8F);
    const float right = left + uniform(random, 0.2F, 0.45F);
    const float top = scene.horizon - uniform(random, 0.06F, 0.18F);
    paint_box(canvas, left, top, right, scene.horizon + 0.02F,
              vary({0.55F, 0.57F, 0.6F}, 0.12F, random) * light);
    paint_windows(canvas, left, top, right, scene.horizon, scene.light, random);
  }
}

Scene paint_room(Canvas& canvas, Random& random) {
  Scene scene{.light = random.uniform() < 0.3 ? Light::kNight : Light::kOvercast,
              .is_indoors = true,
              .horizon = uniform(random, 0.6F, 0.78F)};
  const float light = scene.light == Light::kNight ? 0.35F : uniform(random, 0.7F, 1.0F);
  constexpr std::array<Colour, 5> kWalls = {{{0.78F, 0.74F, 0.66F},
                                             {0.62F, 0.68F, 0.72F},
                                             {0.8F, 0.68F, 0.55F},
                                             {0.55F, 0.55F, 0.52F},
                                             {0.7F, 0.72F, 0.62F}}};
  const Colour wall = vary(kWalls[random.integer(0, 4)], 0.1F, random) * light;
  const float bright = uniform(random, 0, 1);
  const Noise noise(random.next());
  canvas.paint([&](float x, float y, Colour& pixel) {
    const float distance = (x - bright) * (x - bright) + (y - 0.2F) * (y - 0.2F);
    pixel = wall * (1.1F - 0.45F * distance + 0.03F * noise.fractal(9 * x, 9 * y, 3));
  });
  const Colour near = vary({0.42F, 0.3F, 0.2F}, 0.12F, random) * light;
  const Colour far = vary({0.5F, 0.4F, 0.3F}, 0.1F, random) * light;
  paint_ground(canvas, scene, near, far, 0.12F, random);
  const auto pieces = random.integer(2, 5);
  for (int i = 0; i < pieces; ++i) {
    const float left = uniform(random, -0.1F, 0.9F);
    const bool hangs = random.uniform() < 0.45;
    const float bottom = hangs ? uniform(random, 0.25F, scene.horizon - 0.08F)
                               : scene.horizon + uniform(random, 0.02F, 0.15F);
    const float top = bottom - uniform(random, 0.12F, 0.34F);
    const float right = left + uniform(random, 0.1F, 0.3F);
    const Colour colour = vary({0.42F, 0.38F, 0.36F}, 0.3F, random) * light;
    paint_box(canvas, left, top, right, bottom, colour * 0.7F);
    paint_box(canvas, left + 0.012F, top + 0.012F, right - 0.012F, bottom - 0.012F, colour);
  }
  return scene;
}

Colour ground_colour(Random& random) {
  constexpr std::array<Colour, 4> kGrounds = {
      {{0.3F, 0.42F, 0.16F}, {0.55F, 0.46F, 0.27F}, {0.38F, 0.31F, 0.22F}, {0.36F, 0.36F, 0.37F}}};
  return vary(kGrounds[random.integer(0, 3)], 0.08F, random);
}

Scene paint_landscape(Canvas& canvas, Random& random) {
  Scene scene{.light = static_cast<Light>(random.integer(0, 3)),
              .is_indoors = false,
              .horizon = uniform(random, 0.42F, 0.72F)};
  const float light = daylight(scene.light);
  paint_sky(canvas, scene, random);
  const Colour haze = gradient(sky_colours(scene.light), 1);
  if (random.uniform() < 0.6) {
    const Colour far = blend(haze, vary({0.2F, 0.27F, 0.3F}, 0.05F, random) * light, 0.5F);
    paint_ridge(canvas, scene, uniform(random, 0.06F, 0.16F), 2.5F, far, 0, random);
  }
  const bool has_water = random.uniform() < 0.2;
  if (random.uniform() < 0.65) {
    const Colour wood = vary({0.13F, 0.22F, 0.1F}, 0.05F, random) * light;
    paint_ridge(canvas, scene, uniform(random, 0.04F, 0.13F), 5, wood, 1, random);
  }
  if (has_water) {
    paint_water(canvas, scene, random);
    scene.foreground = scene.horizon + 0.03F;
    return scene;
  }
  const Colour ground = ground_colour(random) * light;
  paint_ground(canvas, scene, ground, blend(ground, haze, 0.35F), 0.35F, random);
  const double kind = random.uniform();
  if (kind < 0.35) {
    paint_houses(canvas, scene, random);
  } else if (kind < 0.5) {
    paint_works(canvas, scene, random);
  } else if (kind < 0.85) {
    paint_trees(canvas, scene, random);
  }
  return scene;
}

}  // namespace

Scene paint_scene(Canvas& canvas, Random& random) {
  return random.uniform() < 0.18 ? paint_room(canvas, random) : paint_landscape(canvas, random);
}

}  // namespace quern::painting
