#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/graph/preprocessing.h"

namespace quern {

/// Makes what an integer network takes of what the loader gives, so that floats and integers see
/// the same pictures.
class IntegerInput {
 public:
  /// @param model  Of one input with three channels.
  /// @param how    As the pictures were preprocessed.
  /// @throws Error(kUnsupported) naming the input where it has another form.
  IntegerInput(const IntModel& model, const Preprocessing& how);

  /// @param picture  [3, height, width] float32 of a batch.
  /// @return         [height, width, 3]: the pixels that preprocessing read, or codes of the
  ///                 input's grid.
  /// @throws Error(kInvalidArgument) if the sizes differ.
  std::vector<std::uint8_t> of(std::span<const float> picture) const;

 private:
  std::uint8_t pixel_of(float value, std::size_t channel) const;
  std::uint8_t code_of(float value) const;

  IntTensor tensor_;
  bool takes_pixels_;
  /// By channel, ascending: what preprocessing makes of a pixel, and the pixel.
  std::array<std::vector<std::pair<float, std::uint8_t>>, 3> pixels_;
};

}  // namespace quern
