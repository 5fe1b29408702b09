#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quern/data/kinds/box_labels.h"

namespace quern {

/// A picture of a COCO file.
struct CocoPicture {
  std::string file_name;
  BoxLabels boxes;
};

/// Reads COCO detection labels: `images`, `annotations` with `bbox` in pixels, `categories`. In the
/// order of `images`; a picture without annotation is one without boxes.
/// @param classes  Names of the classes; `categories` say which id each has in the file.
/// @throws Error(kIo) if it can not be read; Error(kParse) with the file for what is no JSON of
/// this
///         form, an annotation of an unknown picture or category, or a category that is no class.
std::vector<CocoPicture> read_coco_labels(const std::filesystem::path& path,
                                          const std::vector<std::string>& classes);

}  // namespace quern
