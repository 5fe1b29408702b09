#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quern/data/image_list.h"

namespace quern {

/// Pictures, and what a network is to answer about each: one class (`samples[i].label`), or yes or
/// no at several outputs at once (`targets`).
struct LabelledSet {
  std::vector<Sample> samples;       ///< Where the set is multi-label, their `label` is −1.
  std::vector<std::string> outputs;  ///< Names of the outputs in order; empty where none are known.
  std::vector<std::uint8_t> targets;  ///< [samples, outputs], 0 or 1; empty: one class a picture.
  std::vector<std::string> notes;     ///< What was unusual and taken all the same, a sentence each.

  bool is_multi_label() const { return !targets.empty(); }

  /// [outputs] of one picture of a multi-label set.
  std::span<const std::uint8_t> targets_of(std::size_t picture) const {
    return std::span(targets).subspan(picture * outputs.size(), outputs.size());
  }
};

/// The pictures at these positions, in the order given; outputs and notes stay.
LabelledSet subset(const LabelledSet& set, const std::vector<std::size_t>& pictures);

/// At most `limit` pictures, drawn from the whole set and in its order; 0: all. Data sets lie in
/// order of their names, which are those of their sources, so the first few would all be alike; and
/// lists may take turns in their classes, so equal distances would meet only some. What is drawn
/// follows from the size of the set and `limit` alone.
/// @throws Error(kInvalidArgument) for a limit below 0.
LabelledSet spread(const LabelledSet& set, std::int64_t limit);

/// A set in two parts.
struct HoldOut {
  LabelledSet kept;
  LabelledSet held;
};

/// Sets about `share` of the pictures aside. Frames of one film are neighbours, and would tell on
/// each other from both parts; so runs of eight neighbours stay together, and the runs held are
/// spread evenly over the set.
/// @throws Error(kInvalidArgument) unless 0 < share < 1 and both parts get a picture.
HoldOut hold_out(const LabelledSet& set, double share);

/// All pictures of several sets, one after the other; classes that have names are shared by name.
/// @throws Error(kInvalidArgument) if there is none, or if they do not have the same outputs.
LabelledSet join(const std::vector<LabelledSet>& sets);

}  // namespace quern
