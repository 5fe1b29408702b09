#include "quern/data/internal/painting/burning.h"

#include <algorithm>
#include <cmath>

namespace quern::painting {
namespace {

/// What counts as visible where a box is drawn around it.
constexpr float kVisible = 0.3F;

const std::vector<Colour> kHeat = {{0.5F, 0.06F, 0.01F},
                                   {0.92F, 0.24F, 0.02F},
                                   {1.1F, 0.5F, 0.05F},
                                   {1.2F, 0.85F, 0.2F},
                                   {1.25F, 1.15F, 0.7F}};

void paint_sparks(Canvas& canvas, const Flames& flames, Random& random) {
  const auto count = random.integer(0, 14);
  for (int i = 0; i < count; ++i) {
    const float x = flames.x + uniform(random, -0.7F, 0.7F) * flames.width;
    const float y = flames.base - uniform(random, 0.6F, 1.5F) * flames.height;
    const float size = uniform(random, 0.4F, 0.9F) / static_cast<float>(canvas.side());
    canvas.paint(x - size, y - size, x + size, y + size, [](float, float, Colour& pixel) {
      pixel = {1.1F, 0.6F, 0.15F};
    });
  }
}

}  // namespace

void paint_glow(Canvas& canvas, float x, float y, float radius, const Colour& colour) {
  const float reach = 5 * radius;
  canvas.paint(x - reach, y - reach, x + reach, y + reach, [&](float px, float py, Colour& pixel) {
    const float square = (px - x) * (px - x) + (py - y) * (py - y);
    const float fall = 1 / (1 + square / (radius * radius));
    const float rest = 1.0F / 26;  // At the reach: there it ends without an edge.
    pixel = pixel + colour * std::max(0.0F, fall * fall - rest * rest);
  });
}

void Painted::take_in(const Canvas& canvas, float x, float y) {
  box.take_in(x, y);
  area += 1 / (static_cast<float>(canvas.side()) * static_cast<float>(canvas.side()));
}

Painted paint_flames(Canvas& canvas, const Flames& flames, float glow, Random& random) {
  paint_glow(canvas, flames.x, flames.base - 0.35F * flames.height, 0.6F * flames.height,
             Colour{0.55F, 0.22F, 0.05F} * glow);
  const Noise sway(random.next());
  const Noise tongues(random.next());
  const float lift = uniform(random, 0, 50);
  const float ragged = uniform(random, 0.9F, 1.5F);
  const float lean = uniform(random, -0.35F, 0.35F);
  Painted painted;
  canvas.paint(
      flames.x - 1.1F * flames.width, flames.base - 1.3F * flames.height,
      flames.x + 1.1F * flames.width, flames.base + 0.02F, [&](float x, float y, Colour& pixel) {
        const float up = (flames.base - y) / flames.height;
        const float across = (x - flames.x) / flames.width;
        const float along = (flames.base - y) / flames.width;
        float u = 2 * across - lean * up * std::abs(up);
        u += (0.35F + 0.4F * up) * sway.fractal(2.2F * across, 1.6F * along + lift, 3);
        const float n = tongues.fractal(5 * across + 0.8F * u, 2 * along - lift, 4);
        const float waist = std::max(0.02F, (1.08F - up) * (0.62F + 0.95F * std::max(up, 0.0F)));
        const float heat = 1 - std::abs(u) / waist + ragged * n * (0.35F + 0.8F * up) - 0.2F * up;
        const float foot = smooth_step(-0.08F, 0.06F, up + 0.1F * n);
        const float cover = smooth_step(0, 0.22F, heat) * foot;
        if (cover <= 0) return;
        const Colour colour = gradient(kHeat, heat * (1.25F - 0.6F * up) + 0.25F * n);
        pixel = blend(pixel, colour, cover) + colour * (0.15F * cover);
        if (cover > kVisible) painted.take_in(canvas, x, y);
      });
  paint_sparks(canvas, flames, random);
  return painted;
}

Painted paint_plume(Canvas& canvas, const Plume& plume, Random& random) {
  const Noise wobble(random.next());
  const Noise warp(random.next());
  const Noise billow(random.next());
  const float grain = uniform(random, 0.8F, 1.4F) / (0.35F * plume.wide + 0.05F);
  const float lift = uniform(random, 0, 50);
  const float thin = uniform(random, 0.0F, 0.45F);  // How much it dissolves towards its end.
  Painted painted;
  const auto density = [&](float x, float y) {
    const float rise = (plume.y - y) / plume.height;
    if (rise < -0.05F || rise > 1.15F) return 0.0F;
    const float t = std::max(rise, 0.0F);
    const float middle = plume.x + plume.drift * t * (0.35F + 0.65F * t) +
                         (0.02F + 0.1F * t) * wobble.fractal(2.5F * t + lift, 1, 2);
    const float half = blend(plume.narrow, plume.wide, t * (1.4F - 0.4F * t));
    const float d = (x - middle) / half;
    if (std::abs(d) > 1.6F) return 0.0F;
    const float push = 0.5F * warp.fractal(0.8F * grain * x, 0.8F * grain * y + lift, 2);
    const float heaps = billow.billows(grain * x + push, grain * y + push + lift, 4);
    const float body = 1.05F - d * d - (0.55F + 0.5F * t) * (1 - 1.5F * heaps);
    const float ends = smooth_step(-0.05F, 0.03F, rise) * (1 - smooth_step(0.85F, 1.12F, rise));
    return smooth_step(0.0F, 0.5F, body) * ends * (1 - thin * t);
  };
  const float reach = std::abs(plume.drift) + 2 * plume.wide;
  canvas.paint(plume.x - reach, plume.y - 1.15F * plume.height, plume.x + reach,
               plume.y + 0.05F * plume.height, [&](float x, float y, Colour& pixel) {
                 const float here = density(x, y);
                 if (here <= 0) return;
                 // Light comes from the upper left: what is denser there lies in the shade.
                 constexpr float kStep = 0.018F;
                 const float slope = here - density(x - kStep, y - kStep);
                 const Colour colour =
                     blend(plume.dark, plume.lit, std::clamp(0.5F + 1.1F * slope, 0.0F, 1.0F));
                 const float cover = here * plume.density;
                 pixel = blend(pixel, colour, cover);
                 if (cover > kVisible) painted.take_in(canvas, x, y);
               });
  return painted;
}

}  // namespace quern::painting
