// Images in another size.
#include <algorithm>
#include <string>

#include "quern/importers/tensorflow/ops.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

/// Where TensorFlow's kernels look for the pixel of an output pixel, in ONNX's words.
void set_coordinates(const NodeTranslation& node, Attributes& attributes) {
  const bool is_nearest = node.op() == "ResizeNearestNeighbor";
  const bool aligns_corners = node.flag("align_corners", false);
  const bool has_half_pixels = node.flag("half_pixel_centers", false);
  attributes["mode"] = std::string(is_nearest ? "nearest" : "linear");
  attributes["coordinate_transformation_mode"] = std::string(aligns_corners    ? "align_corners"
                                                             : has_half_pixels ? "half_pixel"
                                                                               : "asymmetric");
  if (!is_nearest) return;
  // Half pixels: floor((x + 0.5) · scale) is (x + 0.5) · scale − 0.5 rounded up from halves.
  attributes["nearest_mode"] =
      std::string(aligns_corners || has_half_pixels ? "round_prefer_ceil" : "floor");
}

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
  const Operand image = node.to_channels_first(node.operand(0));
  Attributes attributes;
  set_coordinates(node, attributes);
  node.define(
      node.emit_image_op("Resize", resize_inputs(node, image, size), std::move(attributes)));
}

void refuse_tile(NodeTranslation& node) {
  node.fail(ErrorCode::kUnsupported,
            "copies are laid side by side (supported: each row or column repeated, as upsampling "
            "to the nearest pixel is written)");
}

constexpr Rule kRules[] = {
    {"ResizeBilinear", translate_resize},
    {"ResizeNearestNeighbor", translate_resize},
    {"Tile", refuse_tile},
};

}  // namespace

bool repeat_pixels(NodeTranslation& node) {
  const NodeTranslation tile = node.producer(0);
  if (tile.op() != "Tile" || tile.producer(0).op() != "ExpandDims") return false;
  const NodeTranslation expand = tile.producer(0);
  const Operand image = expand.operand(0);
  if (image.constant != nullptr || node.dims(image).size() != 4) return false;

  // A copy along the new axis `a` repeats what axis a − 1 counts.
  const Integers axis = expand.integers(1, "the axis");
  const Integers copies = tile.integers(1, "the number of copies");
  if (axis.size() != 1 || copies.size() != 5) return false;
  const std::int64_t added = axis[0] < 0 ? axis[0] + 5 : axis[0];
  if (added != 2 && added != 3) return false;  // Height or width of [N, H, W, C].
  const auto repeated = static_cast<std::size_t>(added - 1);
  constexpr std::int64_t kMostCopies = 1 << 20;
  std::vector<float> scales(4, 1.0F);
  Dims expected = node.dims(image);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (i != repeated + 1 && copies[i] != 1) return false;
  }
  const std::int64_t count = copies[repeated + 1];
  if (count < 1 || count > kMostCopies || !expected[repeated].is_fixed()) return false;
  expected[repeated].size *= count;
  for (std::size_t i = 1; i < 4; ++i) {
    if (node.integer_at(1, i, "the new shape") != expected[i].size) return false;
  }
  scales[repeated + 1] = static_cast<float>(count);
  node.define(node.emit_image_op("Resize",
                                 {node.to_channels_first(image), Operand(),
                                  Operand(node.name() + "/scales", Tensor::of<float>({4}, scales))},
                                 {{"mode", std::string("nearest")},
                                  {"coordinate_transformation_mode", std::string("asymmetric")},
                                  {"nearest_mode", std::string("floor")}}));
  return true;
}

std::span<const Rule> resize_rules() { return kRules; }

}  // namespace quern::tensorflow
