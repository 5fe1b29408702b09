#pragma once

#include <c10/util/FunctionRef.h>

namespace quern {

/// Calls `work`, which must not throw, once on each of the threads that OpenMP gives this one.
void parallel_region(c10::function_ref<void()> work);

}  // namespace quern
