#ifndef QUERN_PLATFORM_H
#define QUERN_PLATFORM_H

#include <stdint.h>

// What the programs of this folder ask of the machine that they run on. The network asks nothing.

/// Reads from standard input. Returns how many bytes there were, at most `bytes`.
int32_t platform_read(void* to, int32_t bytes);

/// Writes to standard output.
void platform_write(const void* from, int32_t bytes);

#endif
