#include "quern/data/labelled_set.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "quern/base/error.h"
#include "quern/base/random.h"
#include "quern/data/class_folders.h"

namespace quern {
namespace {

constexpr std::size_t kRun = 8;  ///< Neighbours that hold_out keeps together.

/// "smoke, fire", or that there is one class a picture.
std::string outputs_text(const LabelledSet& set) {
  if (!set.is_multi_label()) return "one class a picture";
  return fmt::format("the outputs {}", fmt::join(set.outputs, ", "));
}

bool has_named_classes(const LabelledSet& set) {
  return !set.is_multi_label() && !set.outputs.empty();
}

void append(const LabelledSet& set, LabelledSet& all) {
  std::ranges::copy(set.samples, std::back_inserter(all.samples));
  std::ranges::copy(set.targets, std::back_inserter(all.targets));
  std::ranges::copy(set.notes, std::back_inserter(all.notes));
}

LabelledSet join_by_name(const std::vector<LabelledSet>& sets) {
  std::set<std::string> names;
  for (const LabelledSet& set : sets) names.insert(set.outputs.begin(), set.outputs.end());
  LabelledSet all;
  // One set keeps its own order.
  all.outputs = sets.size() == 1 ? sets.front().outputs
                                 : std::vector<std::string>(names.begin(), names.end());
  for (const LabelledSet& set : sets) append(numbered(set, all.outputs), all);
  return all;
}

}  // namespace

LabelledSet subset(const LabelledSet& set, const std::vector<std::size_t>& pictures) {
  LabelledSet chosen;
  chosen.outputs = set.outputs;
  chosen.notes = set.notes;
  for (const std::size_t picture : pictures) {
    chosen.samples.push_back(set.samples.at(picture));
    if (set.is_multi_label())
      std::ranges::copy(set.targets_of(picture), std::back_inserter(chosen.targets));
  }
  return chosen;
}

LabelledSet spread(const LabelledSet& set, std::int64_t limit) {
  require(limit >= 0, "limit must be 0 (all) or more, got {}", limit);
  const std::int64_t count = std::ssize(set.samples);
  if (limit == 0 || limit >= count) return set;
  Random random(0);
  std::vector<std::size_t> pictures;
  // Every choice of `limit` pictures is as likely as any other.
  for (std::int64_t i = 0; i < count; ++i) {
    if (random.integer(0, count - i - 1) >= limit - std::ssize(pictures)) continue;
    pictures.push_back(static_cast<std::size_t>(i));
  }
  return subset(set, pictures);
}

HoldOut hold_out(const LabelledSet& set, double share) {
  require(share > 0 && share < 1, "hold_out must be above 0 and below 1, got {}", share);
  std::vector<std::size_t> kept;
  std::vector<std::size_t> held;
  // Run r is held where the running total of `share` passes a whole number.
  const auto total_before = [share](std::size_t run) {
    return std::floor(static_cast<double>(run) * share);
  };
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    const std::size_t run = i / kRun;
    (total_before(run + 1) > total_before(run) ? held : kept).push_back(i);
  }
  require(
      !kept.empty() && !held.empty(),
      "hold_out = {} of {} pictures leaves {} to train on and {} to validate with; expected some "
      "of both",
      share, set.samples.size(), kept.size(), held.size());
  return {.kept = subset(set, kept), .held = subset(set, held)};
}

LabelledSet join(const std::vector<LabelledSet>& sets) {
  require(!sets.empty(), "no data set is given");
  if (std::ranges::all_of(sets, has_named_classes)) return join_by_name(sets);
  LabelledSet all = sets.front();
  for (std::size_t i = 1; i < sets.size(); ++i) {
    const LabelledSet& set = sets[i];
    require(set.outputs == all.outputs && set.is_multi_label() == all.is_multi_label(),
            "data sets of one recipe must have the same outputs, but one has {} and another {}",
            outputs_text(all), outputs_text(set));
    append(set, all);
  }
  return all;
}

}  // namespace quern
