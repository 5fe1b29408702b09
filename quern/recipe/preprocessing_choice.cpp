#include "quern/recipe/preprocessing_choice.h"

#include <cmath>

#include "quern/base/error.h"
#include "quern/base/log.h"
#include "quern/graph/default_resize.h"

namespace quern {
namespace {

/// Height and width of the one picture that the model reads; free extents are none.
std::array<std::optional<int>, 2> input_sides(const Graph& graph) {
  if (graph.inputs().size() != 1) {
    fail(ErrorCode::kUnsupported, "the model has {} inputs, expected one picture",
         graph.inputs().size());
  }
  const Value& input = graph.value(graph.inputs()[0]);
  const bool is_picture = input.dtype == DType::kFloat32 && input.dims && input.dims->size() == 4 &&
                          (!(*input.dims)[1].is_fixed() || (*input.dims)[1].size == 3);
  if (!is_picture) {
    fail(ErrorCode::kUnsupported,
         "the model's input '{}' is {} {}, expected float32 pictures [N, 3, height, width]",
         input.name, name(input.dtype), input.dims ? to_string(*input.dims) : "of unknown shape");
  }
  const auto side = [&](std::size_t axis) -> std::optional<int> {
    const Dim& dim = (*input.dims)[axis];
    if (!dim.is_fixed()) return std::nullopt;
    return static_cast<int>(dim.size);
  };
  const std::array<std::optional<int>, 2> sides = {side(2), side(3)};
  const auto [height, width] = sides;
  if (height == 0 || width == 0) {
    fail(ErrorCode::kUnsupported, "input '{}' is {}: extents of pictures have to be at least 1",
         input.name, to_string(*input.dims));
  }
  if (height && width && height != width) {
    fail(ErrorCode::kUnsupported, "input '{}' is {}: pictures have to be square", input.name,
         to_string(*input.dims));
  }
  return sides;
}

template <class T>
void choose(T& value, const std::optional<T>& choice, const char* key, bool is_recorded) {
  if (!choice || *choice == value) return;
  value = *choice;
  if (is_recorded) log_info("{} differs from what is recorded in the model", key);
}

void check(const Preprocessing& how) {
  require(how.crop > 0, "crop must be above 0, got {}", how.crop);
  require(!how.resize || *how.resize > 0, "resize must be above 0, or none, got {}",
          how.resize.value_or(0));
  require(!how.stretch || how.resize, "stretch needs a side to resize to, resize is none");
  require(!how.central_crop || (*how.central_crop > 0 && *how.central_crop <= 1),
          "central_crop must be above 0 and at most 1, got {}", how.central_crop.value_or(1));
  require(std::isfinite(how.scale) && how.scale != 0, "scale must be finite and not 0, got {}",
          how.scale);
  for (const double std : how.std) require(std > 0, "std must be above 0, got {}", std);
  for (const double mean : how.mean) require(std::isfinite(mean), "mean must be finite");
}

}  // namespace

Preprocessing resolve(const PreprocessingChoice& choice, const Graph& graph) {
  const auto [height, width] = input_sides(graph);
  const bool recorded = graph.preprocessing.has_value();
  Preprocessing how = graph.preprocessing.value_or(Preprocessing{});
  if (!recorded && !choice.crop && height && height != how.crop) {
    how.crop = *height;
    how.resize = default_resize(how.crop);
    const int short_side = choice.resize.value_or(*how.resize);
    log_info("pictures are cropped to the {} pixels that the model reads, {}", how.crop,
             short_side == 0 ? "as decoded" : fmt::format("from a short side of {}", short_side));
  }
  if (choice.resize) {
    const auto wanted = *choice.resize == 0 ? std::nullopt : std::optional<int>(*choice.resize);
    if (recorded && wanted != how.resize) {
      log_info("resize differs from what is recorded in the model");
    }
    how.resize = wanted;
  }
  how.stretch = choice.stretch.value_or(how.stretch && how.resize);
  choose(how.crop, choice.crop, "crop", recorded);
  if (choice.central_crop) how.central_crop = choice.central_crop;
  choose(how.scale, choice.scale, "scale", recorded);
  choose(how.mean, choice.mean, "mean", recorded);
  choose(how.std, choice.std, "std", recorded);
  choose(how.bgr, choice.bgr, "bgr", recorded);
  check(how);
  for (const std::optional<int>& side : {height, width}) {
    require(!side || *side == how.crop, "the model reads pictures of {} pixels, crop is {}",
            side.value_or(0), how.crop);
  }
  return how;
}

}  // namespace quern
