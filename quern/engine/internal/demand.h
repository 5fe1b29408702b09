#pragma once

#include <utility>

#include "quern/base/error.h"

namespace quern::internal {

/// Throws kParse unless `condition` holds. For facts that the content of a model decides.
template <class... Args>
void demand(bool condition, fmt::format_string<Args...> message, Args&&... args) {
  if (!condition) fail(ErrorCode::kParse, message, std::forward<Args>(args)...);
}

}  // namespace quern::internal
