#pragma once

namespace quern {

/// Keeps freed memory in the process for the next tensor, since handing every large buffer back to
/// the system and faulting it in again costs more than a depthwise convolution; and keeps large
/// tensors apart from everything else, since one small piece that outlives its neighbours would
/// split what the next of them needs. The first call counts.
void keep_freed_memory();

}  // namespace quern
