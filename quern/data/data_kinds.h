#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "quern/data/labelled_set.h"

namespace quern {

/// How a labelled data set lies on the disk.
struct DataKind {
  std::string_view name;    ///< "dfire": as recipes and flags call it.
  std::string_view layout;  ///< What lies below its root, in half a sentence.

  /// One split ("train", "test") of the set below `root`, in byte order of the pictures' names
  /// where the kind has no order of its own.
  /// @throws Error(kIo) for what can not be read, Error(kInvalidArgument) for a split that the set
  ///         does not have, Error(kParse) for labels that can not be understood, with file and
  ///         line, and for a set without pictures.
  LabelledSet (*read)(const std::filesystem::path& root, const std::string& split);
};

/// All of them, by name.
const std::vector<DataKind>& data_kinds();

/// @throws Error(kInvalidArgument) naming the nearest kind; Error(kUnsupported) for "voc".
const DataKind& find_data_kind(std::string_view name);

/// A data set on the disk.
struct DataSource {
  std::string kind;
  std::string root;

  bool operator==(const DataSource&) const = default;
};

/// One split of several data sets, one after the other.
/// @throws errors of the kinds and of join.
LabelledSet read_split(const std::vector<DataSource>& sources, const std::string& split);

}  // namespace quern
