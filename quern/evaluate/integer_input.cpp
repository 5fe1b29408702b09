#include "quern/evaluate/integer_input.h"

#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "quern/data/normalize.h"

namespace quern {

IntegerInput::IntegerInput(const IntModel& model, const Preprocessing& how) {
  const IntInput& input = model.inputs.at(0);
  tensor_ = model.tensors.at(static_cast<std::size_t>(input.tensor));
  takes_pixels_ = input.kind == InputKind::kPixels;
  if (model.inputs.size() != 1 || tensor_.channels != 3) {
    fail(ErrorCode::kUnsupported,
         "the network has {} inputs, the first, '{}', with {} channels; pictures go into one with "
         "3",
         model.inputs.size(), tensor_.name, tensor_.channels);
  }
  const Normalization values(how);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      pixels_[c].emplace_back(values.table(c)[pixel], static_cast<std::uint8_t>(pixel));
    }
    std::ranges::sort(pixels_[c]);
  }
}

std::vector<std::uint8_t> IntegerInput::of(std::span<const float> picture) const {
  const auto pixels = static_cast<std::size_t>(tensor_.height) * tensor_.width;
  require(picture.size() == 3 * pixels, "a picture of {} values, the network takes 3 x {} x {}",
          picture.size(), tensor_.height, tensor_.width);
  std::vector<std::uint8_t> integers(picture.size());
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < pixels; ++i) {
      const float value = picture[c * pixels + i];
      integers[3 * i + c] = takes_pixels_ ? pixel_of(value, c) : code_of(value);
    }
  }
  return integers;
}

std::uint8_t IntegerInput::pixel_of(float value, std::size_t channel) const {
  const auto& known = pixels_.at(channel);
  const auto found =
      std::ranges::lower_bound(known, value, {}, [](const auto& p) { return p.first; });
  ensure(found != known.end() && found->first == value, "{} is the value of no pixel", value);
  return found->second;
}

std::uint8_t IntegerInput::code_of(float value) const {
  const float code =
      std::nearbyint(value / tensor_.scale[0]) + static_cast<float>(tensor_.zero_point);
  return static_cast<std::uint8_t>(
      std::clamp(code, 0.0F, static_cast<float>((1 << tensor_.bits) - 1)));
}

}  // namespace quern
