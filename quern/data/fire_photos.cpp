#include "quern/data/fire_photos.h"

#include <algorithm>
#include <string>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/parallel.h"
#include "quern/base/progress.h"
#include "quern/base/random.h"
#include "quern/data/encode_jpeg.h"
#include "quern/data/internal/painted_set.h"
#include "quern/data/internal/painting/burning.h"
#include "quern/data/internal/painting/decoys.h"
#include "quern/data/internal/painting/scenery.h"

namespace quern {
namespace {

using painting::Box;
using painting::Canvas;
using painting::Colour;
using painting::Light;
using painting::Scene;
using painting::uniform;

/// A photo and the boxes on it, in YOLO's form.
struct FirePhoto {
  Image image;
  std::string labels;
};

void add_box(std::string& labels, int cls, const Box& box) {
  if (box.is_empty()) return;
  labels += fmt::format("{} {:.6f} {:.6f} {:.6f} {:.6f}\n", cls, (box.left + box.right) / 2,
                        (box.top + box.bottom) / 2, box.right - box.left, box.bottom - box.top);
}

constexpr int kSmoke = 0;
constexpr int kFire = 1;

painting::Flames place_flames(const Scene& scene, Random& random) {
  painting::Flames flames;
  flames.height = uniform(random, 0.16F, 0.5F);
  flames.width = flames.height * uniform(random, 0.5F, 1.1F);
  flames.x = uniform(random, 0.12F, 0.88F);
  flames.base = std::min(scene.foreground - 0.02F, scene.horizon + uniform(random, 0.02F, 0.3F));
  return flames;
}

/// Smoke of burning wood, oil or wet leaves, seen in the scene's light.
void colour_plume(painting::Plume& plume, const Scene& scene, Random& random) {
  const bool is_night = scene.light == Light::kNight;
  const bool is_dark = random.uniform() < 0.35 && !is_night;  // By night it would not be seen.
  const float light = is_night ? 0.45F : 1.0F;
  const float shade = is_dark ? uniform(random, 0.12F, 0.3F) : uniform(random, 0.55F, 0.9F);
  const Colour grey = painting::vary({shade, shade, shade}, 0.04F, random) * light;
  plume.lit = grey * 1.15F;
  plume.dark = grey * uniform(random, 0.4F, 0.7F);
  plume.density = uniform(random, 0.7F, 0.97F);
}

/// A plume that stays in the picture for most of its way.
painting::Plume place_plume(const Scene& scene, Random& random) {
  painting::Plume plume;
  plume.x = uniform(random, 0.12F, 0.88F);
  plume.y = std::min(scene.foreground - 0.02F, scene.horizon + uniform(random, -0.08F, 0.25F));
  plume.height = uniform(random, 0.35F, 0.95F);
  const float end = uniform(random, 0.1F, 0.9F);
  plume.drift = std::clamp(end - plume.x, -0.5F, 0.5F);
  plume.narrow = uniform(random, 0.015F, 0.05F);
  plume.wide = uniform(random, 0.1F, 0.28F);
  colour_plume(plume, scene, random);
  return plume;
}

struct Fire {
  bool has_smoke = false;
  bool has_flames = false;
};

/// Paints what burns. @return the labels; empty where too little of it can be seen to tell.
std::string paint_fire(Canvas& canvas, const Scene& scene, const Fire& fire, Random& random) {
  constexpr float kLeastArea = 0.006F;
  std::string labels;
  const painting::Flames flames = place_flames(scene, random);
  painting::Plume plume = place_plume(scene, random);
  if (fire.has_smoke) {
    if (fire.has_flames) {
      plume.x = flames.x;
      plume.y = flames.base - uniform(random, 0.3F, 0.8F) * flames.height;
      plume.narrow = flames.width * uniform(random, 0.25F, 0.45F);
    }
    const painting::Painted smoke = painting::paint_plume(canvas, plume, random);
    if (smoke.area < 3 * kLeastArea) return "";
    add_box(labels, kSmoke, smoke.box);
  }
  if (!fire.has_flames) return labels;
  const float glow = scene.light == Light::kDay ? 0.25F : uniform(random, 0.5F, 1.1F);
  const painting::Painted largest = painting::paint_flames(canvas, flames, glow, random);
  if (largest.area < kLeastArea) return "";
  add_box(labels, kFire, largest.box);
  for (auto more = random.integer(0, 2); more > 0; --more) {
    painting::Flames beside = flames;
    beside.x += uniform(random, -1.2F, 1.2F) * flames.width;
    beside.height *= uniform(random, 0.4F, 0.9F);
    beside.width *= uniform(random, 0.4F, 0.9F);
    add_box(labels, kFire, painting::paint_flames(canvas, beside, 0.3F * glow, random).box);
  }
  return labels;
}

Fire draw_fire(Random& random) {
  const double kind = random.uniform();  // 0.25 smoke, 0.2 both, 0.15 flames, 0.4 neither.
  return {.has_smoke = kind < 0.45, .has_flames = kind >= 0.25 && kind < 0.6};
}

FirePhoto paint_photo(int side, const Fire& fire, Random& random) {
  Canvas canvas(side);
  const Scene scene = painting::paint_scene(canvas, random);
  constexpr double kDecoy = 0.85;       // Of photos without the real thing, so that both kinds show
  constexpr double kDecoyBeside = 0.4;  // its colours about as often.
  if (random.uniform() < (fire.has_smoke ? kDecoyBeside : kDecoy)) {
    painting::paint_smoke_decoy(canvas, scene, random);
  }
  if (random.uniform() < (fire.has_flames ? kDecoyBeside : kDecoy)) {
    painting::paint_fire_decoy(canvas, scene, random);
  }
  FirePhoto photo;
  photo.labels = paint_fire(canvas, scene, fire, random);
  photo.image = canvas.photo(random);
  return photo;
}

/// Paints until what burns can be seen.
FirePhoto paint_photo(int side, Random& random) {
  const Fire fire = draw_fire(random);
  for (;;) {
    FirePhoto photo = paint_photo(side, fire, random);
    const bool burns = fire.has_smoke || fire.has_flames;
    if (!burns || !photo.labels.empty()) return photo;
  }
}

void write_split(const std::filesystem::path& folder, int count, std::uint64_t seed,
                 const FirePhotosOptions& options) {
  Progress progress("painting " + folder.filename().string(), static_cast<std::size_t>(count));
  for_each_index(static_cast<std::size_t>(count), options.threads, [&](std::size_t i) {
    Random random(Random(seed + i).next());
    const FirePhoto photo = paint_photo(options.side, random);
    const std::string name = painted_name(i);
    const auto quality = static_cast<int>(random.integer(80, 95));
    write_file(folder / "images" / (name + ".jpg"), encode_jpeg(photo.image, quality));
    write_file(folder / "labels" / (name + ".txt"), std::string_view(photo.labels));
    progress.advance();
  });
}

}  // namespace

void write_fire_photos(const std::filesystem::path& root, const FirePhotosOptions& options) {
  require(options.train > 0 && options.test > 0,
          "the number of fire photos must be positive, got {} to train and {} to test",
          options.train, options.test);
  require(options.side >= 32 && options.side <= 1024,
          "the side of fire photos must be 32 to 1024, got {}", options.side);
  begin_painted_set(root, options);
  Random seeds(options.seed);
  write_split(root / "train", options.train, seeds.next(), options);
  write_split(root / "test", options.test, seeds.next(), options);
}

}  // namespace quern
