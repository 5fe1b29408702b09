#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"

namespace quern {

// The readers that the catalog lists; what they promise stands at DataKind::read.

/// `root/SPLIT` or `root/SPLIT.txt`: a list as read_image_list takes it, paths starting at `root`.
LabelledSet read_list_split(const std::filesystem::path& root, const std::string& split);

/// `root/SPLIT/CLASS/…`: one folder a class; the outputs are the classes' names, numbered as
/// classes_of_splits says.
/// @throws Error(kParse) for a class that `root/train` lacks, naming one of its pictures.
LabelledSet read_folder_split(const std::filesystem::path& root, const std::string& split);

/// D-Fire: `root/SPLIT/images/NAME.jpg`, `root/SPLIT/labels/NAME.txt` with YOLO boxes of the
/// classes 0 smoke and 1 fire; an empty label file says that there is neither. The outputs are
/// smoke and fire. A picture without a label file counts as showing neither, and is noted.
///
/// Source: github.com/gaiasd/DFireDataset.
LabelledSet read_dfire(const std::filesystem::path& root, const std::string& split);

/// FASDD: below a part (FASDD_CV, FASDD_UAV, FASDD_RS) `images/` and either
/// `annotations/YOLO_X/{SPLIT.txt, labels/NAME.txt}` or
/// `annotations/COCO_X/Annotations/SPLIT.json`, with the classes 0 fire and 1 smoke; `root` is one
/// part, or the folder that holds several. The outputs are smoke and fire, as for D-Fire. Where a
/// label file is missing the picture's name says what it shows, and this is noted.
///
/// Source: github.com/openrsgis/FASDD.
LabelledSet read_fasdd(const std::filesystem::path& root, const std::string& split);

/// smoke, fire: the outputs of every set of fires, whatever ids its files use.
std::vector<std::string> fire_outputs();

/// The folder of a split. @throws Error(kIo) if `root` is not a folder, Error(kInvalidArgument)
/// naming the splits found if it has no such folder.
std::filesystem::path split_folder(const std::filesystem::path& root, const std::string& split);

}  // namespace quern
