// Images in another size.
#include <algorithm>
#include <string>

#include "quern/importers/pixel_sampling.h"
#include "quern/importers/tensorflow/ops.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

/// The inputs that say the new size of `image`, [N, C, H, W]: scales where they are whole numbers,
/// else sizes.
std::vector<Operand> resize_inputs(NodeTranslation& node, const Operand& image,
                                   const Integers& size) {
  const Dims dims = node.dims(image);
  const bool is_whole = dims[2].is_fixed() && dims[3].is_fixed() && dims[2].size > 0 &&
                        dims[3].size > 0 && size[0] % dims[2].size == 0 &&
                        size[1] % dims[3].size == 0;
  if (is_whole) {
    const std::vector<float> scales = {1, 1, static_cast<float>(size[0] / dims[2].size),
                                       static_cast<float>(size[1] / dims[3].size)};
    return {image, Operand(), Operand(node.name() + "/scales", Tensor::of<float>({4}, scales))};
  }
  const Operand shape = node.emit_part("shape", "Shape", {image});
  const Operand head =
      node.emit_part("batch_and_channels", "Slice",
                     {shape, node.list("from", {0}), node.list("to", {2}), node.list("axis", {0})});
  const Operand sizes = node.emit_part("sizes", "Concat", {head, node.list("size", size)},
                                       {{"axis", std::int64_t{0}}});
  return {image, Operand(), Operand(), sizes};
}

void translate_resize(NodeTranslation& node) {
  const Integers size = node.integers(1, "the new size");
  node.check(size.size() == 2 && size[0] > 0 && size[1] > 0,
             "the new size has {} elements, expected a height and a width above 0", size.size());
  const PixelSampling sampling = {.is_nearest = node.op() == "ResizeNearestNeighbor",
                                  .align_corners = node.flag("align_corners", false),
                                  .half_pixel_centers = node.flag("half_pixel_centers", false)};
  node.check(!(sampling.align_corners && sampling.half_pixel_centers),
             "it aligns both corners and centers of pixels");
  const Operand image = node.to_channels_first(node.operand(0));
  const Dims dims = node.dims(image);
  if (const auto pixels = pixels_apart(sampling, {dims[2], dims[3]}, size)) {
    const Operand rows = node.emit_part("rows", "Gather", {image, node.list("row", (*pixels)[0])},
                                        {{"axis", std::int64_t{2}}});
    return node.define(node.emit_image_op("Gather", {rows, node.list("column", (*pixels)[1])},
                                          {{"axis", std::int64_t{3}}}));
  }
  node.define(
      node.emit_image_op("Resize", resize_inputs(node, image, size), resize_attributes(sampling)));
}

void translate_tile(NodeTranslation& node) {
  const Integers copies = node.integers(1, "the number of copies");
  node.define(node.emit("Tile", {node.operand(0), node.list("copies", copies)}));
}

constexpr Rule kRules[] = {
    {"ResizeBilinear", translate_resize},
    {"ResizeNearestNeighbor", translate_resize},
    {"Tile", translate_tile},
};

}  // namespace

std::span<const Rule> resize_rules() { return kRules; }

}  // namespace quern::tensorflow
