#pragma once

namespace quern {

/// Keeps freed memory in the process for the next tensor. Handing every large buffer back to the
/// system and faulting it in again costs more than a depthwise convolution. The first call counts.
void keep_freed_memory();

}  // namespace quern
