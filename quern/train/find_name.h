#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/nearest.h"

namespace quern {

/// The entry of a catalog that is called `name`.
/// @param what  What messages call an entry: "a schedule".
/// @throws Error(kInvalidArgument) naming all entries, and the nearest.
template <class Definition>
const Definition& find_name(const std::vector<Definition>& catalog, const std::string& name,
                            const char* what) {
  const auto found = std::ranges::find(catalog, name, &Definition::name);
  if (found != catalog.end()) return *found;
  std::vector<std::string> known;
  std::string list;
  for (const Definition& definition : catalog) {
    known.emplace_back(definition.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  fail(ErrorCode::kInvalidArgument, "'{}' is not {} ({}){}", name, what, list,
       nearest_hint(name, nearest(name, known)));
}

}  // namespace quern
