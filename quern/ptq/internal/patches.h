#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "quern/ptq/activation_walk.h"
#include "quern/ptq/internal/patch_geometry.h"

namespace quern::internal {

/// Where the patches of a block lie: drawn for each picture, the same for every value.
class PatchPlaces {
 public:
  /// @param count  Patches a picture, where they are cut.
  PatchPlaces(std::optional<PatchGeometry> geometry, std::int64_t count)
      : geometry_(geometry), count_(geometry ? count : 1) {}

  bool are_whole() const { return !geometry_; }
  /// Of a picture.
  std::int64_t count() const { return count_; }

  /// The shape of one patch of a value of `shape` [N, …], as it lies in memory: channels last where
  /// it has rows and columns.
  Shape memory_shape(const Shape& shape, bool is_output) const;

  /// Writes the patches of a batch to `patches`, [pictures · count, memory_shape…].
  void cut(const TensorView& view, std::size_t batch, bool is_output, at::Tensor patches) const;

  /// 1 where an output is what the whole picture gives, [pictures · count, 1, rows, columns]. Not
  /// for whole pictures.
  at::Tensor valid(std::size_t batch, std::int64_t pictures) const;

 private:
  struct Place {
    std::int64_t row;
    std::int64_t column;
  };
  Place place(std::size_t batch, std::int64_t picture, std::int64_t patch) const;

  std::optional<PatchGeometry> geometry_;
  std::int64_t count_;
};

}  // namespace quern::internal
