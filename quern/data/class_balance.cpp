#include "quern/data/class_balance.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr std::size_t kMostListed = 12;

ClassBalance balance_of_classes(const LabelledSet& set) {
  ClassBalance balance;
  balance.pictures = set.samples.size();
  balance.names = set.outputs;
  for (const Sample& sample : set.samples) {
    if (sample.label < 0) {
      balance.none += 1;
      continue;
    }
    const auto label = static_cast<std::size_t>(sample.label);
    if (label >= balance.positives.size()) balance.positives.resize(label + 1);
    balance.positives[label] += 1;
  }
  balance.positives.resize(std::max(balance.positives.size(), balance.names.size()));
  for (std::size_t i = balance.names.size(); i < balance.positives.size(); ++i) {
    balance.names.push_back(fmt::format("class {}", i));
  }
  return balance;
}

std::string share_text(std::size_t part, std::size_t whole) {
  const double share =
      whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{} ({:.1f} %)", part, share);
}

}  // namespace

ClassBalance class_balance(const LabelledSet& set) {
  if (!set.is_multi_label()) return balance_of_classes(set);
  ClassBalance balance;
  balance.is_multi_label = true;
  balance.pictures = set.samples.size();
  balance.names = set.outputs;
  balance.positives.resize(set.outputs.size());
  for (std::size_t i = 0; i < set.samples.size(); ++i) {
    const auto targets = set.targets_of(i);
    const auto count = static_cast<std::size_t>(std::ranges::count(targets, 1));
    for (std::size_t c = 0; c < targets.size(); ++c) balance.positives[c] += targets[c];
    balance.none += count == 0 ? 1 : 0;
    balance.several += count > 1 ? 1 : 0;
  }
  return balance;
}

std::string to_text(const ClassBalance& balance) {
  const auto counted = [&](std::size_t index) {
    return fmt::format("{} {}", balance.names[index],
                       share_text(balance.positives[index], balance.pictures));
  };
  std::vector<std::string> parts;
  if (balance.names.size() > kMostListed) {
    const auto [rarest, commonest] = std::ranges::minmax_element(balance.positives);
    parts = {fmt::format("{} classes", balance.names.size()),
             "rarest " + counted(rarest - balance.positives.begin()),
             "most frequent " + counted(commonest - balance.positives.begin())};
  } else {
    for (std::size_t i = 0; i < balance.names.size(); ++i) parts.push_back(counted(i));
  }
  if (balance.is_multi_label) {
    parts.push_back("several " + share_text(balance.several, balance.pictures));
  }
  if (balance.is_multi_label || balance.none > 0) {
    parts.push_back("none " + share_text(balance.none, balance.pictures));
  }
  return fmt::format("{} pictures: {}", balance.pictures, fmt::join(parts, ", "));
}

void require_learnable(const LabelledSet& set, const std::string& name) {
  const ClassBalance balance = class_balance(set);
  if (balance.pictures == 0) fail(ErrorCode::kParse, "{}: there is none", name);
  if (!balance.is_multi_label && balance.none > 0) {
    fail(ErrorCode::kParse, "{}: {} of {} have no label", name, balance.none, balance.pictures);
  }
  if (!balance.is_multi_label) return;
  for (std::size_t i = 0; i < balance.names.size(); ++i) {
    if (balance.positives[i] > 0) continue;
    fail(ErrorCode::kParse, "{}: none of {} shows {}, so it can not be learned", name,
         balance.pictures, balance.names[i]);
  }
}

}  // namespace quern
