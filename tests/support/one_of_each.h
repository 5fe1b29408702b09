#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"

namespace quern::test {

/// One picture of each class.
inline LabelledSet one_of_each(const std::vector<std::string>& classes) {
  LabelledSet set;
  set.outputs = classes;
  for (const std::string& name : classes) {
    set.samples.push_back({.path = name, .label = std::ssize(set.samples)});
  }
  return set;
}

}  // namespace quern::test
