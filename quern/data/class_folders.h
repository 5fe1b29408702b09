#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"

namespace quern {

/// The class folders of `folder`, in byte order.
/// @throws std::filesystem::filesystem_error if it can not be read.
std::vector<std::string> class_names(const std::filesystem::path& folder);

/// The classes of the set whose splits are the folders of `root`: those of the split `train`;
/// where there is none, those of all splits together, in byte order. So a class has one number in
/// every split, whichever classes a split lacks.
/// @throws std::filesystem::filesystem_error if a folder can not be read.
std::vector<std::string> classes_of_splits(const std::filesystem::path& root);

/// read_image_folder, with the classes as outputs: those of the folder itself.
/// @throws errors of read_image_folder.
LabelledSet read_class_folders(const std::filesystem::path& folder);

/// The same for a folder that is given alone. Where it lies beside a folder `train` and both have a
/// class of one name, it is a split of that set, and its classes are numbered as
/// classes_of_splits says.
/// @throws errors of read_image_folder; Error(kParse) for a class that `train` lacks, naming one of
///         its pictures.
LabelledSet read_labelled_folder(const std::filesystem::path& folder);

/// A set of one class a picture with its classes numbered as `classes` lists them, whatever numbers
/// they had: names decide. Pictures without a label stay so.
/// @param set  With outputs.
/// @throws Error(kParse) for a picture of another class, naming it and the known ones.
LabelledSet numbered(const LabelledSet& set, const std::vector<std::string>& classes);

}  // namespace quern
